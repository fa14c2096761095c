//! The public keys in use. They change while the process runs: a rotation needs no restart.

use std::{path::PathBuf, sync::Arc, time::Duration};

use jsonwebtoken::jwk::JwkSet;
use reqwest::{StatusCode, Url};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, sleep_until, timeout},
};

use super::keys::{KeyError, PublicKey, PublicKeys};
use crate::shutdown::Shutdown;

/// The most that a JWK set may have, bytes: a hundred keys.
const MAX_JWKS_BYTES: usize = 64 * 1024;
/// How long a fetch may take, and how long a request waits for it.
const PATIENCE: Duration = Duration::from_secs(2);
/// After a failure.
const RETRY: Duration = Duration::from_secs(1);

/// How often keys are loaded.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Between two loads that nobody asks for.
    pub interval: Duration,
    /// Between a load and one that an unknown `kid` asks for: whoever makes up `kid`s costs one load in this time.
    pub pause: Duration,
}

impl Pace {
    /// For a file on this machine.
    pub(super) const FILE: Self = Self {
        interval: Duration::from_secs(5),
        pause: Duration::from_secs(1),
    };

    /// For a JWK set, loaded as often as `interval` says.
    pub fn jwks(interval: Duration) -> Self {
        Self {
            interval,
            pause: Duration::from_secs(10).min(interval),
        }
    }
}

/// Why a key is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoKey {
    /// None of our keys has this id.
    Unknown,
    /// No keys have been loaded yet.
    NotYet,
}

/// The keys in use. All clones see a change at once.
#[derive(Clone)]
pub struct Keyring(Arc<Inner>);

struct Inner {
    source: Source,
    pace: Pace,
    /// Told by a request with an unknown `kid`.
    asked: Notify,
    state: watch::Sender<State>,
}

enum Source {
    /// They are what they are.
    Fixed,
    /// PEM, one or several keys.
    File(PathBuf),
    /// A JWK set by HTTP.
    Jwks(reqwest::Client, Url),
}

struct State {
    keys: Option<Arc<PublicKeys>>,
    /// How many loads have ended, well or badly.
    loads: u64,
    is_loading: bool,
    /// When a request may ask for a load again.
    pause_until: Instant,
}

impl Keyring {
    /// Keys that do not change by themselves; [`Keyring::replace`] changes them.
    pub(super) fn fixed(keys: PublicKeys) -> Self {
        Self::of(Source::Fixed, Pace::FILE, Some(keys))
    }

    /// The keys of a file, from which `keys` have been read.
    pub(super) fn file(path: PathBuf, keys: PublicKeys) -> Self {
        Self::of(Source::File(path), Pace::FILE, Some(keys))
    }

    /// The keys of a JWK set, none before [`Keyring::follow`] runs.
    pub(super) fn jwks(url: Url, pace: Pace) -> Result<Self, reqwest::Error> {
        // A connection ends with the thread that opened it, and fetches are rare: none is kept.
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .pool_max_idle_per_host(0)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self::of(Source::Jwks(client, url), pace, None))
    }

    fn of(source: Source, pace: Pace, keys: Option<PublicKeys>) -> Self {
        let state = State {
            keys: keys.map(Arc::new),
            loads: 0,
            is_loading: false,
            pause_until: Instant::now(),
        };
        Self(Arc::new(Inner {
            source,
            pace,
            asked: Notify::new(),
            state: watch::Sender::new(state),
        }))
    }

    /// The keys accepted now, if any have been loaded.
    pub fn current(&self) -> Option<Arc<PublicKeys>> {
        self.0.state.borrow().keys.clone()
    }

    /// The keys accepted now as a JWK set (RFC 7517), for `/.well-known/jwks.json`.
    pub fn to_jwks(&self) -> JwkSet {
        let keys = self.current();
        keys.map_or(JwkSet { keys: Vec::new() }, |keys| keys.to_jwks())
    }

    pub(super) fn replace(&self, keys: PublicKeys) {
        self.0
            .state
            .send_modify(|state| state.keys = Some(Arc::new(keys)));
    }

    /// A key by its id. One that is not known may be new: then the keys are loaded again, unless they just were.
    pub(super) async fn find(&self, id: &str) -> Result<Arc<PublicKey>, NoKey> {
        match self.look_up(id) {
            Ok(key) => Ok(key),
            Err(missing) if matches!(self.0.source, Source::Fixed) => Err(missing),
            Err(_) => {
                self.reload().await;
                self.look_up(id)
            }
        }
    }

    fn look_up(&self, id: &str) -> Result<Arc<PublicKey>, NoKey> {
        let state = self.0.state.borrow();
        let keys = state.keys.as_ref().ok_or(NoKey::NotYet)?;
        keys.find(id).cloned().ok_or(NoKey::Unknown)
    }

    /// Whether this very key is accepted now, under its id. Loading keys that are the same changes nothing.
    pub(super) fn accepts(&self, key: &Arc<PublicKey>) -> bool {
        let state = self.0.state.borrow();
        let keys = state.keys.as_ref();
        keys.and_then(|keys| keys.find(&key.id))
            .is_some_and(|current| Arc::ptr_eq(current, key) || current.is_same_as(key))
    }

    /// Waits for a load, its own or the one that is going on; does nothing if that would be too early.
    async fn reload(&self) {
        let mut state = self.0.state.subscribe();
        let (loads, is_loading, pause_until) = {
            let state = state.borrow();
            (state.loads, state.is_loading, state.pause_until)
        };
        if !is_loading {
            if Instant::now() < pause_until {
                return;
            }
            self.0.asked.notify_one();
        }
        // Either error means that there is no load to wait for any more.
        drop(timeout(PATIENCE, state.wait_for(|state| state.loads > loads)).await);
    }

    /// Loads the keys again and again, until told to stop. When that fails the present ones stay: a users service that
    /// is down signs nobody out.
    pub async fn follow(self, shutdown: Shutdown) {
        if matches!(self.0.source, Source::Fixed) {
            return;
        }
        let mut next = match self.current() {
            Some(_) => Instant::now() + self.0.pace.interval,
            None => Instant::now(),
        };
        let mut last_failure = None;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = sleep_until(next) => {}
                () = self.0.asked.notified() => {
                    // Left over from while the last load was going on.
                    if Instant::now() < self.0.state.borrow().pause_until {
                        continue;
                    }
                }
            }
            self.0.state.send_modify(|state| state.is_loading = true);
            let loaded = self.load().await;
            let failure = loaded.as_ref().err().map(ToString::to_string);
            if failure.is_some() && failure != last_failure {
                tracing::warn!(
                    error = failure,
                    "the keys of tokens cannot be loaded; the ones in use stay"
                );
            }
            let now = Instant::now();
            next = now
                + if failure.is_some() {
                    RETRY.min(self.0.pace.interval)
                } else {
                    self.0.pace.interval
                };
            last_failure = failure;
            self.0.state.send_modify(|state| {
                if let Ok(keys) = loaded {
                    let keys = Arc::new(keys);
                    if state
                        .keys
                        .as_ref()
                        .is_none_or(|old| old.ids() != keys.ids())
                    {
                        tracing::info!(ids = ?keys.ids(), "the keys of tokens are now these");
                    }
                    state.keys = Some(keys);
                }
                state.loads += 1;
                state.is_loading = false;
                state.pause_until = now + self.0.pace.pause;
            });
        }
    }

    async fn load(&self) -> Result<PublicKeys, LoadError> {
        match &self.0.source {
            Source::Fixed => Err(LoadError::Nowhere),
            Source::File(path) => Ok(PublicKeys::from_pem(
                &tokio::fs::read_to_string(path).await?,
            )?),
            Source::Jwks(client, url) => {
                let mut answer = client.get(url.clone()).send().await?;
                // A redirect may have a body, too.
                if answer.status() != StatusCode::OK {
                    return Err(LoadError::Status(answer.status()));
                }
                let mut body = Vec::new();
                while let Some(piece) = answer.chunk().await? {
                    if body.len() + piece.len() > MAX_JWKS_BYTES {
                        return Err(LoadError::TooLarge);
                    }
                    body.extend_from_slice(&piece);
                }
                Ok(PublicKeys::from_jwks(&body)?)
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum LoadError {
    #[error("there is nowhere to load them from")]
    Nowhere,
    #[error("{0}")]
    File(#[from] std::io::Error),
    #[error("{0}")]
    Http(#[from] reqwest::Error),
    #[error("the answer is {0}")]
    Status(StatusCode),
    #[error("more than {MAX_JWKS_BYTES} bytes")]
    TooLarge,
    #[error("{0}")]
    Key(#[from] KeyError),
}
