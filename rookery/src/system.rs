//! The order of things: database, services, router, demo; and back.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use common::{
    config::Env,
    shutdown::{self, Shutdown},
};
use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};

use crate::{
    Cli, Process,
    children::{Child, Plan},
    database::Database,
    error::Error,
    folder::DataFolder,
    ports::Ports,
    seed,
};

/// How often to look whether PostgreSQL still runs.
const LOOK: Duration = Duration::from_secs(1);

/// Variables that hold secrets or belong to one process; every other process is started without them.
const PARTICULAR: [&str; 12] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "MIGRATION_DATABASE_URL",
    "DATABASE_URL",
    "USERS_DATABASE_URL",
    "POSTS_DATABASE_URL",
    "MESSAGING_DATABASE_URL",
    "JWT_PRIVATE_KEY",
    "JWT_PRIVATE_KEY_FILE",
    // What is in front of the router is not in front of a service: that has the router, on this machine.
    "TRUSTED_PROXIES",
    "RATE_LIMIT_STORE_URL",
];

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
            // What was started so far ends with this process: it notices the end of its standard input.
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

        let settings = Settings {
            env: &env,
            ports,
            folder: &folder,
            database: &database,
        };
        let mut services = Vec::with_capacity(Process::SERVICES.len());
        for plan in Process::SERVICES.map(|process| settings.plan(process)) {
            services.push(start(plan?).await?);
        }
        let router = start(settings.plan(Process::Router)?).await?;
        if !cli.no_seed {
            seed::demo(&ports.url(Process::Router), &database).await?;
        }
        settings.announce(cli, begin.elapsed())?;
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
                tokio::time::sleep(LOOK).await;
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

/// What the processes are started with.
struct Settings<'a> {
    env: &'a Env,
    ports: Ports,
    folder: &'a DataFolder,
    database: &'a Database,
}

impl Settings<'_> {
    fn plan(&self, process: Process) -> Result<Plan, Error> {
        let mut set = BTreeMap::new();
        let url = |other| self.ports.url(other);
        self.default(&mut set, "LOG_FORMAT", "pretty");
        // A line for every request is for those who look for something.
        self.default(&mut set, "RUST_LOG", "warn");
        self.keys(process, &mut set)?;
        match process {
            Process::Users => {
                set.insert(
                    "DATABASE_URL",
                    self.database.users.expose_secret().to_owned(),
                );
                self.default(
                    &mut set,
                    "SMTP_URL",
                    &format!("file:{}", self.folder.mail()?.display()),
                );
                self.default(
                    &mut set,
                    "AVATAR_STORE_URL",
                    &format!("file:{}", self.folder.avatars()?.display()),
                );
                self.given(&mut set, |name| name.starts_with("AWS_"));
                self.default(&mut set, "PUBLIC_URL", &url(Process::Router));
                self.default(&mut set, "REQUIRE_VERIFIED_EMAIL", "false");
            }
            Process::Posts => {
                set.insert(
                    "DATABASE_URL",
                    self.database.posts.expose_secret().to_owned(),
                );
                set.insert("USERS_URL", url(Process::Users));
            }
            Process::Messaging => {
                set.insert(
                    "DATABASE_URL",
                    self.database.messaging.expose_secret().to_owned(),
                );
                set.insert("USERS_URL", url(Process::Users));
            }
            Process::Router => {
                set.insert("USERS_URL", url(Process::Users));
                set.insert("POSTS_URL", url(Process::Posts));
                set.insert("MESSAGING_URL", url(Process::Messaging));
                self.given(&mut set, |name| {
                    matches!(name, "TRUSTED_PROXIES" | "RATE_LIMIT_STORE_URL")
                });
            }
        }
        let mut unset: Vec<_> = PARTICULAR
            .into_iter()
            .filter(|name| !set.contains_key(name))
            .collect();
        if set.contains_key("JWT_PUBLIC_KEY_FILE") {
            unset.push("JWT_PUBLIC_KEY");
        }
        Ok(Plan {
            process,
            port: self.ports.of(process),
            set,
            unset,
        })
    }

    /// Sets what the user has not.
    fn default(&self, set: &mut BTreeMap<&'static str, String>, name: &'static str, value: &str) {
        set.insert(name, self.env.optional(name).unwrap_or(value).to_owned());
    }

    /// Passes on those of the particular variables that are for this process, where the user has set them.
    fn given(&self, set: &mut BTreeMap<&'static str, String>, is_for_it: fn(&str) -> bool) {
        for name in PARTICULAR.into_iter().filter(|name| is_for_it(name)) {
            if let Some(value) = self.env.optional(name) {
                set.insert(name, value.to_owned());
            }
        }
    }

    /// The keys of the environment, or those in the folder. Only the users service gets the private one.
    fn keys(
        &self,
        process: Process,
        set: &mut BTreeMap<&'static str, String>,
    ) -> Result<(), Error> {
        const GIVEN: [&str; 2] = ["JWT_PRIVATE_KEY", "JWT_PRIVATE_KEY_FILE"];
        let given = GIVEN
            .iter()
            .find_map(|name| Some((*name, self.env.optional(name)?.to_owned())));
        match (given, process) {
            (Some((name, value)), Process::Users) => drop(set.insert(name, value)),
            (Some(_), _) => {}
            (None, _) => {
                let (private, public) = self.folder.keys()?;
                set.insert("JWT_PUBLIC_KEY_FILE", public.display().to_string());
                if process == Process::Users {
                    set.insert("JWT_PRIVATE_KEY_FILE", private.display().to_string());
                }
            }
        }
        Ok(())
    }

    fn announce(&self, cli: &Cli, took: Duration) -> Result<(), Error> {
        let router = self.ports.url(Process::Router);
        println!("Ready after {:.1} s.\n", took.as_secs_f64());
        println!("  graph   {router}/graphql");
        if self.env.flag("PLAYGROUND", true)? {
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
        match self.env.optional("SMTP_URL") {
            None => println!("  mails   {}", self.folder.mail()?.display()),
            Some(_) => println!("  mails   as SMTP_URL says"),
        }
        println!("  data    {}", self.folder.root.display());
        println!("  stop    Ctrl-C\n");
        Ok(())
    }
}
