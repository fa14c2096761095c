//! The system that clients watch: as in production, but with two processes of the messaging service. The router knows the
//! first one; what is sent to the second has to find its way.

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use clap::ValueEnum;
use contexts::Context;
use sqlx::{Connection, Executor, PgConnection};
use tempfile::TempDir;
use tokio::{net::TcpStream, process::Command, time::sleep};

use crate::{
    database::{Database, Purpose},
    failure::{Failure, Result},
    system::{
        Setting,
        environment::{self, Environment},
        keys::Keys,
        proc::resident,
        process::{Plan, Process, kept_address},
    },
};

const NATS: &str = "nats-server";
/// Before a killed process is started again, as whoever watches over processes does.
const PAUSE: Duration = Duration::from_millis(500);
const NATS_WITHIN: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);

/// Ends every connection of the services.
const TERMINATE: &str =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE '%\\_svc'";

/// How the processes of the messaging service tell one another what has arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Events {
    /// By LISTEN and NOTIFY
    Postgres,
    /// By a nats-server, which has to be installed
    Nats,
}

/// What fails while messages are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Victim {
    Nothing,
    /// The process of the messaging service that the router knows
    #[value(name = "messaging-1")]
    Messaging1,
    /// The other one
    #[value(name = "messaging-2")]
    Messaging2,
    Users,
    Router,
    /// All connections of services to the database
    Connections,
}

impl Victim {
    pub const ALL: [Self; 6] = [
        Self::Nothing,
        Self::Messaging1,
        Self::Messaging2,
        Self::Users,
        Self::Router,
        Self::Connections,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Messaging1 => "messaging-1",
            Self::Messaging2 => "messaging-2",
            Self::Users => "users",
            Self::Router => "router",
            Self::Connections => "connections",
        }
    }
}

/// What to start, and from where.
pub struct Choice {
    pub bin_dir: PathBuf,
    pub events: Events,
    pub clients: usize,
    pub set: Vec<Setting>,
}

/// The running system.
pub struct System {
    pub database: Database,
    pub keys: Keys,
    plans: Vec<Plan>,
    processes: Vec<Process>,
    nats: Option<tokio::process::Child>,
    logs: PathBuf,
    // Its folder is removed with this value.
    files: TempDir,
}

impl System {
    /// Starts everything on the data folder.
    pub async fn start(choice: &Choice, data_dir: &Path) -> Result<Self> {
        let logs = data_dir.join("logs");
        fs::create_dir_all(&logs)?;
        let files = tempfile::Builder::new().prefix("rookery-bench").tempdir()?;
        let mut system = Self {
            database: Database::open(data_dir, Purpose::Serve, 0).await?,
            keys: Keys::generate(files.path())?,
            plans: Vec::new(),
            processes: Vec::new(),
            nats: None,
            logs,
            files,
        };
        match system.start_processes(choice).await {
            Ok(()) => Ok(system),
            Err(failure) => {
                system.stop().await?;
                Err(failure)
            }
        }
    }

    async fn start_processes(&mut self, choice: &Choice) -> Result<()> {
        let events = match choice.events {
            Events::Postgres => "postgres".to_owned(),
            Events::Nats => self.start_nats().await?,
        };
        let mut services = Vec::new();
        for context in Context::ALL {
            let mut environment = environment::service(
                &self.keys,
                &self.database,
                self.files.path(),
                context,
                &services,
            );
            let program = context.name();
            let mut name = program;
            if context == Context::Messaging {
                environment.insert("EVENTS_URL".to_owned(), events.clone());
                self.launch(choice, "messaging-2", program, environment.clone())
                    .await?;
                name = "messaging-1";
            }
            let address = self.launch(choice, name, program, environment).await?;
            services.push((context, address));
        }
        let mut router = environment::router(&self.keys, &services);
        // Those of a router that was killed may still be there when they come back.
        let most = choice.clients.saturating_add(1_000).max(15_000);
        router.insert("LIVE_MAX_CLIENTS".to_owned(), most.to_string());
        self.launch(choice, "router", "router", router).await?;
        Ok(())
    }

    async fn launch(
        &mut self,
        choice: &Choice,
        name: &'static str,
        program: &str,
        environment: Environment,
    ) -> Result<SocketAddr> {
        let plan = Plan {
            name,
            program: choice.bin_dir.join(program),
            arguments: Vec::new(),
            address: kept_address()?,
            environment: environment::with(environment, &choice.set, name),
        };
        let process = plan.clone().start(&self.logs).await?;
        self.processes.push(process);
        let address = plan.address;
        self.plans.push(plan);
        Ok(address)
    }

    /// Starts a server for events: its URL.
    async fn start_nats(&mut self) -> Result<String> {
        let address = kept_address()?;
        let log = fs::File::create(self.logs.join(format!("{NATS}.log")))?;
        let server = Command::new(NATS)
            .args(["-a", "127.0.0.1", "-p", &address.port().to_string()])
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| Failure::new(format!("{NATS} cannot be started: {error}")))?;
        self.nats = Some(server);
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if begun.elapsed() > NATS_WITHIN {
                return Err(Failure::new(format!("{NATS} does not listen")));
            }
            sleep(POLL).await;
        }
        Ok(format!("nats://{address}"))
    }

    pub fn address(&self, name: &str) -> Result<SocketAddr> {
        let plan = self.plans.iter().find(|plan| plan.name == name);
        plan.map(|plan| plan.address)
            .ok_or_else(|| Failure::new(format!("{name} does not run")))
    }

    /// Has something fail, and starts it again.
    pub async fn strike(&mut self, victim: Victim) -> Result<()> {
        match victim {
            Victim::Nothing => Ok(()),
            Victim::Connections => {
                let mut conn = PgConnection::connect(self.database.admin_url()).await?;
                conn.execute(TERMINATE).await?;
                Ok(conn.close().await?)
            }
            Victim::Messaging1 | Victim::Messaging2 | Victim::Users | Victim::Router => {
                self.kill(victim.name()).await
            }
        }
    }

    async fn kill(&mut self, name: &str) -> Result<()> {
        let place = self
            .processes
            .iter()
            .position(|process| process.name == name);
        let plan = self.plans.iter().find(|plan| plan.name == name).cloned();
        let (Some(place), Some(plan)) = (place, plan) else {
            return Err(Failure::new(format!("{name} does not run")));
        };
        self.processes.remove(place).kill().await?;
        sleep(PAUSE).await;
        // Back to its place, which says when it is stopped.
        let process = plan.start(&self.logs).await?;
        self.processes.insert(place, process);
        Ok(())
    }

    /// Resident memory of each process, and of this one.
    pub fn memory(&self) -> BTreeMap<String, u64> {
        let processes = self.processes.iter();
        let mut memory: BTreeMap<_, _> = processes
            .map(|process| (process.name.to_owned(), resident(process.id)))
            .collect();
        memory.insert(
            crate::driver::DRIVER.to_owned(),
            resident(std::process::id()),
        );
        memory
    }

    /// Stops everything in order. Goes on where something fails, so that nothing is left behind.
    pub async fn stop(self) -> Result<()> {
        let mut outcome = Ok(());
        for process in self.processes.into_iter().rev() {
            outcome = outcome.and(process.stop().await);
        }
        if let Some(mut nats) = self.nats {
            outcome = outcome.and(nats.kill().await.map_err(Failure::from));
        }
        outcome.and(self.database.stop().await)
    }
}
