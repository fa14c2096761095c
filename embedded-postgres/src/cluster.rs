use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::account::Account;
use crate::folder::ClusterFolder;
use crate::guard::Guard;
use crate::{Error, Search, processes, server};

/// Time for a fast shutdown, which writes a checkpoint. After it an immediate shutdown follows, and the next start recovers.
const STOP_TIMEOUT: Duration = Duration::from_mins(1);
const IMMEDIATE_STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// Where the data is stored, and with it whether the server syncs it to disk.
#[derive(Clone, Debug)]
pub enum Storage {
    /// In this folder, made when missing: every commit is on disk before it is confirmed.
    Durable(PathBuf),
    /// In memory where there is some, gone at the end: for tests.
    Ephemeral,
}

/// A running server; it stops when this value is dropped or the process ends, however it ends.
pub struct Cluster {
    guard: Mutex<Guard>,
    account: Account,
    folder: ClusterFolder,
    port: u16,
    password: String,
    durable: bool,
}

impl Cluster {
    /// Finds binaries as `search` says, makes the cluster when there is none, starts it and waits until it takes
    /// connections. Blocks: 0.7 s for a new one, 0.2 s for one that is there.
    pub fn start(storage: &Storage, search: &Search) -> Result<Self, Error> {
        Self::start_with(storage, search, &[])
    }

    /// As [`Cluster::start`], with settings (`shared_buffers=2GB`) for this run of the server, over our own.
    pub fn start_with(
        storage: &Storage,
        search: &Search,
        settings: &[&str],
    ) -> Result<Self, Error> {
        let account = Account::for_server()?;
        let (folder, durable) = match storage {
            Storage::Durable(path) => (ClusterFolder::durable(path, &account)?, true),
            Storage::Ephemeral => (ClusterFolder::ephemeral(&account)?, false),
        };
        let started = Self::start_in(&folder, &account, durable, search, settings);
        if started.is_err() && !durable {
            // The server does not run and only this process knows the folder. The next run removes what is left of it.
            std::fs::remove_dir_all(&folder.root).ok();
        }
        let (guard, port, password) = started?;
        Ok(Self {
            guard: Mutex::new(guard),
            account,
            folder,
            port,
            password,
            durable,
        })
    }

    fn start_in(
        folder: &ClusterFolder,
        account: &Account,
        durable: bool,
        search: &Search,
        settings: &[&str],
    ) -> Result<(Guard, u16, String), Error> {
        let binaries = search.binaries(account, folder.major())?;
        tracing::debug!(binaries = %binaries.folder().display(), version = binaries.version(), "PostgreSQL found");
        let password = folder.password(account)?;
        server::initialise(&binaries, folder, account, durable)?;
        let (guard, port) = server::start(&binaries, folder, account, durable, settings)?;
        Ok((guard, port, password))
    }

    /// URL of the superuser `postgres` for a database. Holds the password: never log it.
    pub fn url(&self, database: &str) -> String {
        let Self { port, password, .. } = self;
        format!("postgres://postgres:{password}@127.0.0.1:{port}/{database}")
    }

    /// TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder with the data, the server's log and the password file.
    pub fn folder(&self) -> &Path {
        &self.folder.root
    }

    /// Whether the server still runs; it may have been killed from outside.
    pub fn is_running(&self) -> bool {
        self.guard().ended().is_none()
    }

    /// Stops the server, after a checkpoint when the data stays, and waits for its end.
    pub fn stop(self) -> Result<(), Error> {
        self.shut_down()
    }

    fn shut_down(&self) -> Result<(), Error> {
        let mut guard = self.guard();
        guard.release();
        if guard.wait(STOP_TIMEOUT) {
            return Ok(());
        }
        processes::stop(
            &self.folder.data(),
            &self.account,
            "QUIT",
            IMMEDIATE_STOP_TIMEOUT,
        )?;
        if guard.wait(IMMEDIATE_STOP_TIMEOUT) {
            return Ok(());
        }
        Err(Error::Stop {
            folder: self.folder.root.clone(),
            seconds: (STOP_TIMEOUT + IMMEDIATE_STOP_TIMEOUT).as_secs(),
        })
    }

    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Err(error) = self.shut_down() {
            tracing::error!(%error, "PostgreSQL is left behind");
        }
        if !self.durable {
            // The guard has removed the folder already, unless the server ended by itself.
            std::fs::remove_dir_all(&self.folder.root).ok();
        }
    }
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster")
            .field("folder", &self.folder.root)
            .field("port", &self.port)
            .field("durable", &self.durable)
            .finish_non_exhaustive()
    }
}
