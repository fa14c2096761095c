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
use hive_router::graphql_tools::static_graphql::query::{
    Definition, Document, OperationDefinition,
};
use registry::usage::{Usage, Use};

use super::{client::Client, plain::plain};

/// How often what was counted is stored.
const INTERVAL: Duration = Duration::from_mins(1);
/// For the last time, when the router stops.
const FAREWELL: Duration = Duration::from_secs(3);

/// How many are counted between two times, and up to which size: whoever makes up operations is not to fill the memory or
/// the store.
const MOST: usize = 1_000;
const LONGEST: usize = 16 * 1024;

/// What this router has counted.
pub(crate) struct Recorder {
    usage: Usage,
    /// A name that no other router has.
    router: String,
    clock: SharedClock,
    hasher: RandomState,
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    uses: HashMap<u64, Use>,
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
        let Counted { uses, left_out } = mem::take(&mut *self.lock());
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

    /// Counts one that is known.
    fn count_again(&self, hash: u64, now: Timestamp) -> bool {
        let mut counted = self.lock();
        if let Some(known) = counted.uses.get_mut(&hash) {
            known.count += 1;
            known.last_seen = now;
            return true;
        }
        if counted.uses.len() < MOST {
            return false;
        }
        counted.left_out += 1;
        true
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

    /// Counts it now that it is. The document is only needed of one that was not counted lately.
    pub(crate) fn count(&self, asked: &Asked, document: impl FnOnce() -> Option<Document>) {
        let now = self.recorder.clock.now();
        if self.recorder.count_again(asked.hash, now) {
            return;
        }
        let Some(document) = document() else { return };
        let name = match asked.name.as_str() {
            "" => only_name(&document).unwrap_or_default().to_owned(),
            name => name.to_owned(),
        };
        let document = plain(document);
        if document.len() > LONGEST {
            self.recorder.lock().left_out += 1;
            return;
        }
        let new = Use {
            client: self.client.name.clone(),
            client_version: self.client.version.clone(),
            name,
            document,
            count: 0,
            last_seen: now,
        };
        // Somebody may have been here meanwhile.
        let mut counted = self.recorder.lock();
        let known = counted.uses.entry(asked.hash).or_insert(new);
        known.count += 1;
        known.last_seen = now;
    }
}

/// The name of the only operation of a document.
fn only_name(document: &Document) -> Option<&str> {
    let mut operations = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Operation(operation) => Some(operation),
            Definition::Fragment(_) => None,
        });
    match (operations.next()?, operations.next()) {
        (OperationDefinition::Query(query), None) => query.name.as_deref(),
        (OperationDefinition::Mutation(mutation), None) => mutation.name.as_deref(),
        (OperationDefinition::Subscription(subscription), None) => subscription.name.as_deref(),
        _ => None,
    }
}

impl fmt::Debug for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tally")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
