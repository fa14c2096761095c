//! The system under load: PostgreSQL, the services, the router and the opponent, each a process of its own, started as in
//! production.

pub mod environment;
pub mod keys;
pub mod proc;
pub mod process;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use contexts::Context;
use tempfile::TempDir;
use uuid::Uuid;

use crate::{
    database::{Database, Purpose},
    dataset::Manifest,
    driver::{Probe, Target, Write},
    failure::{Failure, Result},
};
use environment::Environment;
use keys::Keys;
use process::{Plan, Process, free_address};

/// 1 when the posts service answers from its index; absent in a version that has none.
const INDEX_READY: &str = "timeline_index_ready";

/// What to start, and from where.
#[derive(Clone)]
pub struct Choice {
    pub data_dir: PathBuf,
    /// Folder of the programs `users`, `posts`, `messaging` and `router`.
    pub bin_dir: PathBuf,
    /// `SERVICE:NAME=VALUE`, over what the bench sets.
    pub set: Vec<Setting>,
}

/// A variable for one service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    service: String,
    name: String,
    value: String,
}

impl Setting {
    pub fn new(service: &str, name: &str, value: &str) -> Self {
        Self {
            service: service.to_owned(),
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }
}

impl std::str::FromStr for Setting {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let parts = text.split_once(':').and_then(|(service, rest)| {
            let (name, value) = rest.split_once('=')?;
            Some((service, name, value))
        });
        let (service, name, value) =
            parts.ok_or("SERVICE:NAME=VALUE, such as posts:RUST_LOG=info")?;
        Ok(Self::new(service, name, value))
    }
}

/// The running system.
pub struct System {
    pub manifest: Manifest,
    pub database: Database,
    pub keys: Keys,
    /// In the order in which they were started.
    processes: Vec<Process>,
    /// What the processes say, after the end too.
    logs: PathBuf,
    // Its folder is removed with this value.
    files: TempDir,
}

impl System {
    /// Starts everything, the opponent too.
    pub async fn start(choice: &Choice) -> Result<Self> {
        let manifest = Manifest::of(&choice.data_dir)?;
        let database = Database::open(&choice.data_dir, Purpose::Serve, manifest.posts).await?;
        let files = tempfile::Builder::new().prefix("rookery-bench").tempdir()?;
        let keys = Keys::generate(files.path())?;
        let logs = choice.data_dir.join("logs");
        std::fs::create_dir_all(&logs)?;
        let mut system = Self {
            manifest,
            database,
            keys,
            processes: Vec::new(),
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
        let mut services = Vec::new();
        for context in Context::ALL {
            let environment = environment::service(
                &self.keys,
                &self.database,
                self.files.path(),
                context,
                &services,
            );
            let program = choice.bin_dir.join(context.name());
            let address = self
                .launch(choice, context.name(), program, vec![], environment)
                .await?;
            services.push((context, address));
        }
        self.process("posts")?.until_gauge(INDEX_READY).await?;
        let environment = environment::router(&self.keys, &services);
        let router = choice.bin_dir.join("router");
        self.launch(choice, "router", router, vec![], environment)
            .await?;
        let mut environment = environment::verifying(&self.keys);
        let url = self.database.admin_url().to_owned();
        environment.insert("DATABASE_URL".to_owned(), url);
        let arguments = vec!["opponent".to_owned()];
        let program = std::env::current_exe()?;
        self.launch(choice, "opponent", program, arguments, environment)
            .await?;
        Ok(())
    }

    async fn launch(
        &mut self,
        choice: &Choice,
        name: &'static str,
        program: PathBuf,
        arguments: Vec<String>,
        environment: Environment,
    ) -> Result<SocketAddr> {
        let plan = Plan {
            name,
            program,
            arguments,
            address: free_address()?,
            environment: environment::with(environment, &choice.set, name),
        };
        let process = plan.start(&self.logs).await?;
        let address = process.address;
        self.processes.push(process);
        Ok(address)
    }

    fn process(&self, name: &str) -> Result<&Process> {
        self.processes
            .iter()
            .find(|process| process.name == name)
            .ok_or_else(|| Failure::new(format!("{name} does not run")))
    }

    /// What to look at while it is measured.
    pub fn probe(&self) -> Result<Probe> {
        Ok(Probe {
            processes: self
                .processes
                .iter()
                .map(|process| (process.name.to_owned(), process.id))
                .collect(),
            postgres: Some(self.database.process_id()?),
        })
    }

    /// Where pages are read.
    pub fn target(&self, of: fn(SocketAddr) -> Target) -> Result<Target> {
        // The variant says which process it is; the address does not matter to find that out.
        let name = match of(SocketAddr::from(([127, 0, 0, 1], 0))) {
            Target::RouterGraph(_) | Target::RouterRest(_) => "router",
            Target::PostsGraph(_) | Target::PostsRest(_) => "posts",
            Target::Opponent(_) => "opponent",
        };
        Ok(of(self.process(name)?.address))
    }

    /// Where posts are written.
    pub fn write(&self, of: fn(SocketAddr) -> Write) -> Result<Write> {
        let name = match of(SocketAddr::from(([127, 0, 0, 1], 0))) {
            Write::RouterGraph(_) | Write::RouterRest(_) => "router",
            Write::PostsGraph(_) | Write::PostsRest(_) => "posts",
            Write::Opponent(_) => "opponent",
        };
        Ok(of(self.process(name)?.address))
    }

    pub fn token(&self, user: Uuid) -> Result<String> {
        self.keys.token(user)
    }

    /// A folder for what is needed while it runs.
    pub fn files(&self) -> &Path {
        self.files.path()
    }

    /// Stops everything in order. Goes on where something fails, so that nothing is left behind.
    pub async fn stop(self) -> Result<()> {
        let mut outcome = Ok(());
        for process in self.processes.into_iter().rev() {
            outcome = outcome.and(process.stop().await);
        }
        outcome.and(self.database.stop().await)
    }
}
