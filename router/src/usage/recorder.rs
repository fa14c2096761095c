//! Counts, and stores what it has counted.

use std::{
    collections::HashMap,
    fmt,
    hash::{BuildHasher, RandomState},
    mem,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use common::{
    Timestamp,
    clock::SharedClock,
    config::{ConfigError, Env},
    objects::Objects,
    shutdown::Shutdown,
};
use hive_router::graphql_tools::static_graphql::query::{Definition, Document};
use registry::usage::{Usage, Use};

use super::{client::Client, plain::plain};
use crate::live::named;

/// How often what was counted is stored.
const INTERVAL: Duration = Duration::from_mins(1);
/// For the last time, when the router stops.
const FAREWELL: Duration = Duration::from_secs(3);

/// How many are counted between two times, and up to which size: whoever makes up operations is not to fill the memory or
/// the store.
const MOST: usize = 1_000;
const LONGEST: usize = 16 * 1024;
/// With their values there are many more. They are forgotten when they are too many, and looked at again.
const KNOWN: usize = 20_000;

/// What this router has counted.
pub(crate) struct Recorder {
    usage: Usage,
    /// A name that no other router has.
    router: String,
    clock: SharedClock,
    hasher: RandomState,
    counted: Mutex<Counted>,
    /// One batch is stored at a time, and whoever ends the router waits for it.
    storing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Counted {
    /// By what they are without their values.
    uses: HashMap<u64, Use>,
    /// Which of those an operation is, by what it is with its values; none for one that is too large. So that it need not
    /// be looked at again.
    known: HashMap<u64, Option<u64>>,
    /// How many there were no room for.
    left_out: u64,
}

/// An operation, as far as it is needed to know it again.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    hash: u64,
    name: String,
}

/// Counts the operations of one client.
#[derive(Clone)]
pub(crate) struct Tally {
    recorder: Arc<Recorder>,
    client: Client,
}

impl Recorder {
    /// One that stores where `USAGE_URL` says; none without it.
    pub(crate) fn from_env(
        env: &Env,
        clock: SharedClock,
    ) -> Result<Option<Arc<Self>>, ConfigError> {
        let Some(objects) = Objects::from_env(env, "USAGE_URL")? else {
            return Ok(None);
        };
        Ok(Some(Arc::new(Self {
            usage: Usage::new(objects),
            router: clock.new_id().simple().to_string(),
            clock,
            hasher: RandomState::new(),
            counted: Mutex::default(),
            storing: tokio::sync::Mutex::default(),
        })))
    }

    pub(crate) fn tally(self: &Arc<Self>, client: Client) -> Tally {
        Tally {
            recorder: self.clone(),
            client,
        }
    }

    /// Stores what is counted, now and then and at the end.
    pub(crate) async fn run(self: Arc<Self>, shutdown: Shutdown) {
        let mut is_reachable = true;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(INTERVAL) => {}
            }
            match self.store().await {
                Ok(()) => is_reachable = true,
                Err(error) if is_reachable => {
                    is_reachable = false;
                    tracing::warn!(%error, "usage is not stored for now");
                }
                Err(_) => {}
            }
        }
    }

    /// What was counted since the last time, when nothing is counted any more.
    pub(crate) async fn finish(&self) {
        match tokio::time::timeout(FAREWELL, self.store()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last usage is lost"),
            Err(_elapsed) => tracing::warn!("the last usage is lost: it took too long"),
        }
    }

    async fn store(&self) -> Result<(), registry::usage::UsageError> {
        let _storing = self.storing.lock().await;
        let Counted { uses, left_out, .. } = mem::take(&mut *self.lock());
        if left_out > 0 {
            tracing::warn!(
                left_out,
                "operations were not counted: there were too many different ones"
            );
        }
        if uses.is_empty() {
            return Ok(());
        }
        let list: Vec<_> = uses.values().cloned().collect();
        let stored = self
            .usage
            .store(&self.router, self.clock.now(), &list)
            .await;
        if stored.is_err() {
            self.give_back(uses);
        }
        stored
    }

    fn give_back(&self, uses: HashMap<u64, Use>) {
        let mut counted = self.lock();
        for (hash, old) in uses {
            let is_full = counted.uses.len() >= MOST;
            match counted.uses.get_mut(&hash) {
                Some(new) => new.count += old.count,
                None if is_full => counted.left_out += old.count,
                None => {
                    counted.uses.insert(hash, old);
                }
            }
        }
    }

    /// Counts one that was looked at before; whether it was.
    fn count_again(&self, asked: u64, now: Timestamp) -> bool {
        let mut counted = self.lock();
        let Some(found) = counted.known.get(&asked).copied() else {
            return false;
        };
        if let Some(used) = found.and_then(|hash| counted.uses.get_mut(&hash)) {
            used.count += 1;
            used.last_seen = now;
        } else {
            // It is too large, or there was no room for it.
            counted.left_out += 1;
        }
        true
    }

    /// Counts one that was not; `new` is none of it when it is too large.
    fn count_new(&self, asked: u64, new: Option<Use>, now: Timestamp) {
        let hash = new.as_ref().map(|new| {
            let client = (&new.client, &new.client_version);
            self.hasher.hash_one((client, &new.name, &new.document))
        });
        let mut counted = self.lock();
        if counted.known.len() >= KNOWN {
            counted.known.clear();
        }
        counted.known.insert(asked, hash);
        let is_full = counted.uses.len() >= MOST;
        match (hash, new) {
            (Some(hash), Some(new)) if !is_full || counted.uses.contains_key(&hash) => {
                let used = counted.uses.entry(hash).or_insert(new);
                used.count += 1;
                used.last_seen = now;
            }
            _ => counted.left_out += 1,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Counted> {
        self.counted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tally {
    /// An operation that was sent, before it is known whether it is valid.
    pub(crate) fn asked(&self, document: &str, name: Option<&str>) -> Asked {
        let name = name.unwrap_or_default();
        Asked {
            hash: self
                .recorder
                .hasher
                .hash_one((document, name, &self.client)),
            name: name.to_owned(),
        }
    }

    /// Counts it now that it is. The document is only needed of one that was not looked at lately.
    pub(crate) fn count(&self, asked: &Asked, document: impl FnOnce() -> Option<Document>) {
        let now = self.recorder.clock.now();
        if self.recorder.count_again(asked.hash, now) {
            return;
        }
        let Some(document) = document() else { return };
        // The engine looks for the operation later, and finds that there is none of that name.
        let Some(name) = chosen(&document, &asked.name) else {
            return;
        };
        let name = name.to_owned();
        let document = plain(document);
        let new = (name.len() + document.len() <= LONGEST).then(|| Use {
            client: self.client.name.clone(),
            client_version: self.client.version.clone(),
            name,
            document,
            count: 0,
            last_seen: now,
        });
        self.recorder.count_new(asked.hash, new, now);
    }
}

/// The name of the operation of a document that is asked for, which is empty where neither says one; none if there is none.
fn chosen<'a>(document: &'a Document, name: &str) -> Option<&'a str> {
    let operations = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Operation(operation) => Some(named(operation).unwrap_or_default()),
            Definition::Fragment(_) => None,
        });
    let mut operations = operations.filter(|own| name.is_empty() || *own == name);
    let first = operations.next()?;
    operations.next().is_none().then_some(first)
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tally")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
