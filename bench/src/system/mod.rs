//! The system under load: PostgreSQL, the services and the router, each a process of its own, started as in production.

pub mod environment;
pub mod keys;
pub mod process;
mod setting;
mod stack;

use std::{
    collections::BTreeMap,
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    pin::pin,
    time::Duration,
};

use common::shutdown;
use tempfile::TempDir;
use tokio::time::sleep;
use uuid::Uuid;

use crate::{
    database::{Database, Purpose},
    dataset::Manifest,
    driver::{Api, DRIVER, Probe, Target},
    failure::{Failure, Result},
    proc::resident,
    truth::Truth,
};
use environment::Environment;
use keys::Keys;
use process::{Plan, Process};

pub use setting::Setting;
pub use stack::{Events, MESSAGING, Stack};

/// Before a killed process is started again, as a supervisor does.
const RESTART_DELAY: Duration = Duration::from_millis(500);

/// What to start, and from where.
#[derive(Clone)]
pub struct Choice {
    pub data_dir: PathBuf,
    /// Folder of the programs `users`, `posts`, `messaging` and `router`.
    pub bin_dir: PathBuf,
    /// `SERVICE:NAME=VALUE`, over what the bench sets.
    pub set: Vec<Setting>,
    pub stack: Stack,
}

/// The running system.
pub struct System {
    pub database: Database,
    pub keys: Keys,
    pub data_dir: PathBuf,
    /// In the order in which they were started.
    processes: Vec<(Plan, Process)>,
    /// What the processes say, after the end too.
    logs: PathBuf,
    // Its folder is removed with this value.
    files: TempDir,
}

impl System {
    pub async fn start(choice: &Choice) -> Result<Self> {
        let posts = match choice.stack {
            Stack::Timeline => Manifest::of(&choice.data_dir)?.posts,
            Stack::Live { .. } => 0,
        };
        let logs = choice.data_dir.join("logs");
        fs::create_dir_all(&logs)?;
        let files = tempfile::Builder::new().prefix("rookery-bench").tempdir()?;
        let mut system = Self {
            database: Database::open(&choice.data_dir, Purpose::Serve, posts).await?,
            keys: Keys::generate(files.path())?,
            data_dir: choice.data_dir.clone(),
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

    /// Starts a program of the choice's folder that has the name of its process.
    async fn launch(
        &mut self,
        choice: &Choice,
        name: &'static str,
        environment: Environment,
    ) -> Result<SocketAddr> {
        let program = choice.bin_dir.join(name);
        self.launch_program(choice, name, program, environment)
            .await
    }

    async fn launch_program(
        &mut self,
        choice: &Choice,
        name: &'static str,
        program: PathBuf,
        environment: Environment,
    ) -> Result<SocketAddr> {
        let plan = Plan {
            environment: environment::with(environment, &choice.set, name),
            ..Plan::new(name, program)?
        };
        self.start_plan(plan).await
    }

    async fn start_plan(&mut self, plan: Plan) -> Result<SocketAddr> {
        let process = plan.start(&self.logs).await?;
        let address = plan.address;
        self.processes.push((plan, process));
        Ok(address)
    }

    fn process(&self, name: &str) -> Result<&(Plan, Process)> {
        let found = self.processes.iter().find(|(plan, _)| plan.name == name);
        found.ok_or_else(|| Failure::new(format!("{name} does not run")))
    }

    pub fn address(&self, name: &str) -> Result<SocketAddr> {
        Ok(self.process(name)?.0.address)
    }

    /// What to look at while it is measured.
    pub fn probe(&self) -> Result<Probe> {
        Ok(Probe {
            processes: self
                .processes
                .iter()
                .map(|(plan, process)| (plan.name.to_owned(), process.id))
                .collect(),
            postgres: Some(self.database.process_id()?),
        })
    }

    /// Resident memory of each process, and of this one.
    pub fn memory(&self) -> BTreeMap<String, u64> {
        let ids = self.processes.iter().map(|(plan, p)| (plan.name, p.id));
        ids.chain([(DRIVER, std::process::id())])
            .map(|(name, id)| (name.to_owned(), resident(id)))
            .collect()
    }

    pub fn target(&self, api: Api) -> Result<Target> {
        let address = self.address(api.process())?;
        Ok(Target { api, address })
    }

    pub fn token(&self, user: Uuid) -> Result<String> {
        self.keys.token(user)
    }

    /// A folder for temporary files of a run.
    pub fn files(&self) -> &Path {
        self.files.path()
    }

    /// Kills a process, and starts it again at the same address.
    pub async fn restart(&mut self, name: &str) -> Result<()> {
        let found = self
            .processes
            .iter()
            .position(|(plan, _)| plan.name == name)
            .ok_or_else(|| Failure::new(format!("{name} does not run")))?;
        let (plan, process) = self.processes.remove(found);
        process.kill().await?;
        sleep(RESTART_DELAY).await;
        let process = plan.start(&self.logs).await?;
        // Its place decides when it is stopped.
        self.processes.insert(found, (plan, process));
        Ok(())
    }

    /// Stops everything in order. Continues after a failure, so that no process is left behind.
    pub async fn stop(self) -> Result<()> {
        let mut outcome = Ok(());
        for (_, process) in self.processes.into_iter().rev() {
            outcome = outcome.and(process.stop().await);
        }
        outcome.and(self.database.stop().await)
    }
}

/// Starts a system and stops it when the work is done, has failed, or was interrupted.
pub async fn with_system<T>(
    choice: &Choice,
    work: impl AsyncFnOnce(&mut System) -> Result<T>,
) -> Result<T> {
    let stop = shutdown::on_signal()?;
    let interrupted = || Failure::new("interrupted");
    // The processes of a system that did not get ready end with it.
    let mut system = tokio::select! {
        system = System::start(choice) => system?,
        () = stop.cancelled() => return Err(interrupted()),
    };
    let outcome = {
        let mut work = pin!(work(&mut system));
        tokio::select! {
            outcome = &mut work => outcome,
            () = stop.cancelled() => Err(interrupted()),
        }
    };
    // A run that was cut short may have left posts behind.
    let tidied = match Truth::connect(&system.database).await {
        Ok(mut truth) => truth.tidy().await.map(drop),
        Err(failure) => Err(failure),
    };
    let stopped = system.stop().await;
    let outcome = outcome?;
    tidied.and(stopped)?;
    Ok(outcome)
}

/// The folder of this program, where the programs of the system are too.
pub fn beside_this_program() -> Result<PathBuf> {
    let program = std::env::current_exe()?;
    Ok(program.parent().unwrap_or(&program).to_owned())
}
