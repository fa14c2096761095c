//! Starts the database, the services, the router and the demo in order, and stops them in reverse.

use std::time::{Duration, Instant};

use common::{
    config::Env,
    shutdown::{self, Shutdown},
};
use contexts::Context;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    Cli,
    children::{Child, Plan},
    database::Database,
    error::Error,
    folder::DataFolder,
    launch::Launch,
    ports::Ports,
    process::Process,
    seed,
};

/// Interval of the checks whether PostgreSQL still runs.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// Runs the system until Ctrl-C or SIGTERM.
pub fn run(cli: &Cli) -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let shutdown = if cli.with_parent {
            shutdown::with_parent()?
        } else {
            shutdown::on_signal()?
        };
        tokio::select! {
            started = System::start(cli) => started?.until(shutdown).await,
            // The processes that were started so far end with this one: their standard input ends.
            () = shutdown.cancelled() => Ok(()),
        }
    })
}

/// The running system, its parts in the order in which they are stopped.
struct System {
    router: Child,
    services: Vec<Child>,
    database: Database,
    folder: DataFolder,
}

impl System {
    async fn start(cli: &Cli) -> Result<Self, Error> {
        let begin = Instant::now();
        let env = Env::process();
        if !cli.no_seed {
            seed::check(&env)?;
        }
        let ports = Ports::claim(cli.port)?;
        let folder = DataFolder::open(cli.data_dir.as_deref(), cli.port)?;
        println!("Data in {}", folder.root.display());
        let database = Database::prepare(&env, &folder).await?;
        println!("{}, migrated", database.description);

        let launch = Launch {
            env: &env,
            ports,
            folder: &folder,
            database: &database,
        };
        let mut services = Vec::with_capacity(Context::ALL.len());
        for context in Context::ALL {
            services.push(start(launch.plan(Process::Service(context))?).await?);
        }
        let router = start(launch.plan(Process::Router)?).await?;
        if !cli.no_seed {
            seed::demo(&ports.url(Process::Router), &database).await?;
        }
        announce(&launch, cli, begin.elapsed())?;
        Ok(Self {
            router,
            services,
            database,
            folder,
        })
    }

    async fn until(self, shutdown: Shutdown) -> Result<(), Error> {
        let database_ended = async {
            while self.database.is_running() {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        let outcome = tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            () = database_ended => Err(Error::DatabaseEnded { folder: self.folder.postgres() }),
        };
        println!("Stopping (Ctrl-C again to stop at once)");
        let mut again = signal(SignalKind::interrupt())?;
        let stop = async {
            self.router.stop().await;
            for service in self.services {
                service.stop().await;
            }
            self.database.stop().await
        };
        tokio::select! {
            stopped = stop => outcome.and(stopped),
            _ = again.recv() => outcome,
        }
    }
}

async fn start(plan: Plan) -> Result<Child, Error> {
    let begin = Instant::now();
    let (name, port) = (plan.process.name(), plan.port);
    let child = plan.start().await?;
    println!(
        "{name} ready on port {port} after {} ms",
        begin.elapsed().as_millis()
    );
    Ok(child)
}

/// Prints where the parts of the system are.
fn announce(launch: &Launch, cli: &Cli, took: Duration) -> Result<(), Error> {
    let router = launch.ports.url(Process::Router);
    println!("Ready after {:.1} s.\n", took.as_secs_f64());
    println!("  graph   {router}/graphql");
    if launch.env.flag("PLAYGROUND", true)? {
        match playground::BUNDLE {
            Ok(_) => println!("  play    {router}/playground"),
            Err(reason) => {
                println!("  play    missing: {reason}; {router}/playground says more");
            }
        }
    }
    println!("  rest    {router}/api, described and to be tried at {router}/docs");
    if !cli.no_seed {
        println!(
            "  demo    {}  password: {}",
            seed::EMAILS.join(", "),
            seed::PASSWORD
        );
    }
    match launch.env.optional("SMTP_URL") {
        None => println!("  mails   {}", launch.folder.mail()?.display()),
        Some(_) => println!("  mails   as SMTP_URL says"),
    }
    println!("  data    {}", launch.folder.root.display());
    println!("  stop    Ctrl-C\n");
    Ok(())
}
