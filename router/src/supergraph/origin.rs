//! Where supergraphs come from.

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

/// How often a file is looked at, and a registry, which may be far away.
const FILE_INTERVAL: Duration = Duration::from_secs(1);
const REGISTRY_INTERVAL: Duration = Duration::from_secs(5);

/// Where the supergraph comes from, and what takes its place.
pub(crate) enum Origin {
    /// The one in the repository, which is part of the program.
    Committed,
    /// A file, looked at now and then.
    File(PathBuf),
    /// What was published last. The file is for starts without it.
    Registry(Registry, Option<PathBuf>),
}

/// The supergraph that a router starts with.
pub(crate) struct First {
    pub(crate) supergraph: Supergraph,
    pub(crate) seen: Seen,
    /// Why it is not that of the registry.
    pub(crate) missed: Option<ConfigError>,
}

/// Which supergraph was seen last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Nothing,
    /// The one whose text has this hash.
    Text(Hash),
    /// The one of this version of the registry.
    Version(u64),
}

/// One that may take its place.
pub(super) struct Another {
    pub(super) sdl: String,
    pub(super) seen: Seen,
    /// Whether somebody goes back to it, whatever it breaks.
    pub(super) is_rollback: bool,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("none"),
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
    #[error("the look at it broke off: {0}")]
    Look(#[from] JoinError),
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

    /// The supergraph to start with. The error names the variable that says where it is.
    pub(crate) async fn first(&self) -> Result<First, ConfigError> {
        match self {
            Self::Committed => {
                let committed = (COMMITTED.to_owned(), Seen::Nothing);
                parsed("schema/supergraph.graphql", FILE_EXPECTS, Ok(committed))
            }
            Self::File(path) => parsed(FILE, FILE_EXPECTS, read(path)),
            Self::Registry(registry, fallback) => {
                let first = parsed(REGISTRY, EXPECTS, newest(registry).await);
                match (first, fallback) {
                    (Err(missed), Some(path)) => {
                        // Whatever the registry has is looked at again: it may be another one by then.
                        let sdl = read(path).map(|(sdl, _seen)| (sdl, Seen::Nothing));
                        let first = parsed(FILE, FILE_EXPECTS, sdl)?;
                        Ok(First {
                            missed: Some(missed),
                            ..first
                        })
                    }
                    (first, _) => first,
                }
            }
        }
    }

    /// How often to look for another one; never where there is only one.
    pub(crate) fn interval(&self) -> Option<Duration> {
        match self {
            Self::Committed => None,
            Self::File(_) => Some(FILE_INTERVAL),
            Self::Registry(..) => Some(REGISTRY_INTERVAL),
        }
    }

    /// The one that is there now, if it is another than what was seen last.
    pub(super) async fn another(&self, seen: &Seen) -> Result<Option<Another>, OriginError> {
        match self {
            Self::Committed => Ok(None),
            Self::File(path) => {
                let path = path.clone();
                // It may be on a disk that hangs.
                let found = tokio::task::spawn_blocking(move || read(&path)).await??;
                let (sdl, now) = found;
                Ok((now != *seen).then_some(Another {
                    sdl,
                    seen: now,
                    is_rollback: false,
                }))
            }
            Self::Registry(registry, _) => {
                let known = match seen {
                    Seen::Version(version) => *version,
                    Seen::Nothing | Seen::Text(_) => 0,
                };
                match registry.newest_after(known).await? {
                    None => Ok(None),
                    Some(entry) => {
                        let sdl = registry.document(entry.supergraph).await?;
                        Ok(Some(Another {
                            sdl,
                            seen: Seen::Version(entry.version),
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
    found: Result<(String, Seen), OriginError>,
) -> Result<First, ConfigError> {
    let (sdl, seen) = found.map_err(|error| malformed(name, expects, error))?;
    let supergraph = Supergraph::parse(sdl).map_err(|error| malformed(name, expects, error))?;
    Ok(First {
        supergraph,
        seen,
        missed: None,
    })
}

async fn newest(registry: &Registry) -> Result<(String, Seen), OriginError> {
    let entry = registry.latest().await?.ok_or(OriginError::Empty)?;
    let sdl = registry.document(entry.supergraph).await?;
    Ok((sdl, Seen::Version(entry.version)))
}

fn read(path: &Path) -> Result<(String, Seen), OriginError> {
    let sdl = fs::read_to_string(path).map_err(|source| OriginError::File {
        path: path.to_owned(),
        source,
    })?;
    let seen = Seen::Text(Hash::of(&sdl));
    Ok((sdl, seen))
}
