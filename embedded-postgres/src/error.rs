use std::io;
use std::path::{Path, PathBuf};

/// Why no cluster runs. Every text is one line that says what to do about it, where something can be done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("PG_BIN is {}: {reason}; it must be the folder with the initdb and postgres of PostgreSQL {oldest} or newer", folder.display(), oldest = crate::OLDEST_SUPPORTED)]
    PgBin { folder: PathBuf, reason: String },

    #[error(
        "no PostgreSQL {wanted} found; install it (Debian and Ubuntu: apt-get install postgresql) or set PG_BIN to the folder with its initdb and postgres (tried: {})",
        tried.join("; ")
    )]
    NoBinaries { wanted: String, tried: Vec<String> },

    #[error("{}: {problem}", path.display())]
    Folder { path: PathBuf, problem: String },

    #[error(
        "{} is in use by {holder}: stop that one first, or choose another folder (--data-dir) or port (--port)",
        folder.display()
    )]
    InUse { folder: PathBuf, holder: String },

    #[error(
        "{} was left behind by another run and PostgreSQL still runs in it (processes {pids}): it did not stop, end it by hand",
        folder.display()
    )]
    Orphan { folder: PathBuf, pids: String },

    #[error("cannot run {program}: {source}")]
    Spawn { program: String, source: io::Error },

    #[error("initdb failed: {0}")]
    Initdb(String),

    #[error("PostgreSQL did not start: {reason}; the end of {}: {tail}", log.display())]
    Start {
        reason: String,
        log: PathBuf,
        tail: String,
    },

    #[error("PostgreSQL in {} did not stop within {seconds} s", folder.display())]
    Stop { folder: PathBuf, seconds: u64 },

    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
}

impl Error {
    /// For `map_err` on an operation on `path`.
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn folder(path: &Path, problem: impl Into<String>) -> Self {
        Self::Folder {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}
