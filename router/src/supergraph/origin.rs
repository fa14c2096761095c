//! Where the router gets its supergraph from.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use common::{
    config::{ConfigError, Env, malformed},
    objects::{EXPECTS, Objects},
};
use registry::{Change, Hash, Registry, RegistryError};
use tokio::task::JoinError;

use super::{COMMITTED, Supergraph};

const FILE: &str = "SUPERGRAPH_FILE";
const FILE_EXPECTS: &str = "the path of a composed supergraph";
const REGISTRY: &str = "REGISTRY_URL";

/// Poll intervals; a registry may be remote.
const FILE_INTERVAL: Duration = Duration::from_secs(1);
const REGISTRY_INTERVAL: Duration = Duration::from_secs(5);

/// Source of the supergraph and of its updates.
pub(crate) enum Origin {
    /// The supergraph of the repository, compiled in; it never changes.
    Committed,
    /// A file, polled for changes.
    File(PathBuf),
    /// The latest supergraph of a registry. The file serves starts while the registry is down.
    Registry(Registry, Option<PathBuf>),
}

/// The supergraph that a router starts with.
pub(crate) struct InitialSupergraph {
    pub(crate) supergraph: Supergraph,
    pub(crate) revision: Revision,
    /// Why the registry could not be read, if the file is used instead.
    pub(crate) registry_error: Option<ConfigError>,
}

/// Identifies the supergraph that was loaded last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Revision {
    None,
    /// SHA-256 of the text.
    Text(Hash),
    /// Version in the registry.
    Version(u64),
}

/// A supergraph that may replace the current one.
pub(crate) struct NewSupergraph {
    pub(crate) sdl: String,
    pub(crate) revision: Revision,
    /// Whether an operator rolled back to it, which skips the check of recorded operations.
    pub(crate) is_rollback: bool,
}

impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Text(hash) => write!(f, "sha256 {}", hash.short()),
            Self::Version(version) => write!(f, "version {version}"),
        }
    }
}

/// Why no supergraph could be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OriginError {
    #[error("{} cannot be read: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error("nothing was published in the registry yet")]
    Empty,
    #[error("reading it was interrupted: {0}")]
    Interrupted(#[from] JoinError),
}

impl Origin {
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let file = env.optional(FILE).map(PathBuf::from);
        Ok(match (Objects::to_read_from_env(env, REGISTRY)?, file) {
            (Some(objects), file) => Self::Registry(Registry::new(objects), file),
            (None, Some(file)) => Self::File(file),
            (None, None) => Self::Committed,
        })
    }

    /// Loads the initial supergraph. The error names the environment variable of its source.
    pub(crate) async fn initial(&self) -> Result<InitialSupergraph, ConfigError> {
        match self {
            Self::Committed => {
                let committed = (COMMITTED.to_owned(), Revision::None);
                parsed("schema/supergraph.graphql", FILE_EXPECTS, Ok(committed))
            }
            Self::File(path) => parsed(FILE, FILE_EXPECTS, read(path)),
            Self::Registry(registry, fallback) => {
                let initial = parsed(REGISTRY, EXPECTS, newest(registry).await);
                match (initial, fallback) {
                    (Err(error), Some(path)) => {
                        // No revision, so that the next poll loads what the registry has by then.
                        let sdl = read(path).map(|(sdl, _revision)| (sdl, Revision::None));
                        let initial = parsed(FILE, FILE_EXPECTS, sdl)?;
                        Ok(InitialSupergraph {
                            registry_error: Some(error),
                            ..initial
                        })
                    }
                    (initial, _) => initial,
                }
            }
        }
    }

    /// Interval between polls; `None` if the source cannot change.
    pub(crate) fn poll_interval(&self) -> Option<Duration> {
        match self {
            Self::Committed => None,
            Self::File(_) => Some(FILE_INTERVAL),
            Self::Registry(..) => Some(REGISTRY_INTERVAL),
        }
    }

    /// Loads the current supergraph if it differs from the given revision.
    pub(crate) async fn poll(
        &self,
        current: &Revision,
    ) -> Result<Option<NewSupergraph>, OriginError> {
        match self {
            Self::Committed => Ok(None),
            Self::File(path) => {
                let path = path.clone();
                // Blocking, because the file may be on a disk that hangs.
                let found = tokio::task::spawn_blocking(move || read(&path)).await??;
                let (sdl, revision) = found;
                Ok((revision != *current).then_some(NewSupergraph {
                    sdl,
                    revision,
                    is_rollback: false,
                }))
            }
            Self::Registry(registry, _) => {
                let known = match current {
                    Revision::Version(version) => *version,
                    Revision::None | Revision::Text(_) => 0,
                };
                match registry.newest_after(known).await? {
                    None => Ok(None),
                    Some(entry) => {
                        let sdl = registry.document(entry.supergraph).await?;
                        Ok(Some(NewSupergraph {
                            sdl,
                            revision: Revision::Version(entry.version),
                            is_rollback: matches!(entry.change, Change::Rollback { .. }),
                        }))
                    }
                }
            }
        }
    }
}

fn parsed(
    name: &'static str,
    expects: &'static str,
    found: Result<(String, Revision), OriginError>,
) -> Result<InitialSupergraph, ConfigError> {
    let (sdl, revision) = found.map_err(|error| malformed(name, expects, error))?;
    let supergraph = Supergraph::parse(sdl).map_err(|error| malformed(name, expects, error))?;
    Ok(InitialSupergraph {
        supergraph,
        revision,
        registry_error: None,
    })
}

async fn newest(registry: &Registry) -> Result<(String, Revision), OriginError> {
    let entry = registry.latest().await?.ok_or(OriginError::Empty)?;
    let sdl = registry.document(entry.supergraph).await?;
    Ok((sdl, Revision::Version(entry.version)))
}

fn read(path: &Path) -> Result<(String, Revision), OriginError> {
    let sdl = fs::read_to_string(path).map_err(|source| OriginError::File {
        path: path.to_owned(),
        source,
    })?;
    let revision = Revision::Text(Hash::of(&sdl));
    Ok((sdl, revision))
}
