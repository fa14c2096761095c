use std::{io, path::PathBuf, process::ExitStatus};

use common::config::ConfigError;

/// Why the system does not run; one line each.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(
        "port {port} is taken: {source}; stop what listens there, or choose other ports with --port"
    )]
    Port { port: u16, source: io::Error },
    #[error(transparent)]
    Embedded(#[from] embedded_postgres::Error),
    #[error(transparent)]
    Migrations(#[from] migrations::Error),
    #[error("{}: {source}; choose another folder with --data-dir", path.display())]
    Folder { path: PathBuf, source: io::Error },
    #[error("no key pair could be made: {0}")]
    Keys(#[from] common::auth::KeyError),
    #[error("{name} could not be started: {source}")]
    Spawn {
        name: &'static str,
        source: io::Error,
    },
    #[error("{name} ended before it was ready ({status}); its message is above")]
    EndedEarly {
        name: &'static str,
        status: ExitStatus,
    },
    #[error("{name} was not ready after {seconds} seconds")]
    NotReady { name: &'static str, seconds: u64 },
    #[error("PostgreSQL ended; its log is server.log in {}", folder.display())]
    DatabaseEnded { folder: PathBuf },
    #[error("seeding the demo failed: {0}")]
    Seed(String),
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}
