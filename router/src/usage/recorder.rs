//! Counts operations in memory and stores the counts every minute.

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
use registry::usage::{Usage, Use};

use super::{client_info::ClientInfo, redact_literals::redact_literals};
use crate::graphql::{Document, operation};

const FLUSH_INTERVAL: Duration = Duration::from_mins(1);
/// Time-out of the last flush, at shutdown.
const FINAL_FLUSH_TIMEOUT: Duration = Duration::from_secs(3);

/// Limits per flush, so a client that sends random operations cannot exhaust memory or storage: the number of distinct
/// operations, and the bytes of one.
const MAX_OPERATIONS: usize = 1_000;
const MAX_OPERATION_BYTES: usize = 16 * 1024;
/// Maximum number of documents, with their literals, whose redacted form is remembered. Beyond it all are forgotten.
const MAX_SEEN: usize = 20_000;

/// Counts of this router since the last flush.
pub(crate) struct Recorder {
    usage: Usage,
    /// Unique name of this router in the store.
    router: String,
    clock: SharedClock,
    hasher: RandomState,
    counted: Mutex<Counted>,
    /// Serializes flushes, so that the final flush waits for one in progress.
    storing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Counted {
    /// Uses by the hash of the redacted operation.
    uses: HashMap<u64, Use>,
    /// Maps a document's hash to the hash of its redacted form, or to `None` if the document is too large to record.
    redacted: HashMap<u64, Option<u64>>,
    /// Number of requests that were not counted because a limit was reached.
    left_out: u64,
}

/// Identifies an operation between its parsing and its validation.
#[derive(Clone, Debug)]
pub(crate) struct SeenOperation {
    hash: u64,
    name: String,
}

/// Counts the operations of one client.
#[derive(Clone)]
pub(crate) struct ClientUsage {
    recorder: Arc<Recorder>,
    client: ClientInfo,
}

impl Recorder {
    /// Makes a recorder that stores at `USAGE_URL`; `None` without it.
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

    pub(crate) fn of_client(self: &Arc<Self>, client: ClientInfo) -> ClientUsage {
        ClientUsage {
            recorder: self.clone(),
            client,
        }
    }

    /// Flushes every minute until shutdown.
    pub(crate) async fn run(self: Arc<Self>, shutdown: Shutdown) {
        let mut is_reachable = true;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(FLUSH_INTERVAL) => {}
            }
            match self.store().await {
                Ok(()) => is_reachable = true,
                Err(error) if is_reachable => {
                    is_reachable = false;
                    tracing::warn!(%error, "usage cannot be stored; the counts are kept");
                }
                Err(_) => {}
            }
        }
    }

    /// Flushes for the last time, when no requests are left.
    pub(crate) async fn finish(&self) {
        match tokio::time::timeout(FINAL_FLUSH_TIMEOUT, self.store()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the last usage is lost"),
            Err(_elapsed) => tracing::warn!("the last usage is lost: the store timed out"),
        }
    }

    async fn store(&self) -> Result<(), registry::usage::UsageError> {
        let _storing = self.storing.lock().await;
        let Counted { uses, left_out, .. } = mem::take(&mut *self.lock());
        if left_out > 0 {
            tracing::warn!(
                left_out,
                "requests were not counted: too many distinct operations"
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
            let is_full = counted.uses.len() >= MAX_OPERATIONS;
            match counted.uses.get_mut(&hash) {
                Some(new) => new.count += old.count,
                None if is_full => counted.left_out += old.count,
                None => {
                    counted.uses.insert(hash, old);
                }
            }
        }
    }

    /// Counts an operation that was seen before. Returns whether it was.
    fn count_seen(&self, seen: u64, now: Timestamp) -> bool {
        let mut counted = self.lock();
        let Some(found) = counted.redacted.get(&seen).copied() else {
            return false;
        };
        if let Some(used) = found.and_then(|hash| counted.uses.get_mut(&hash)) {
            used.count += 1;
            used.last_seen = now;
        } else {
            // Too large, or beyond the limit on distinct operations.
            counted.left_out += 1;
        }
        true
    }

    /// Counts an operation for the first time. `new` is `None` if the operation is too large.
    fn count_new(&self, seen: u64, new: Option<Use>, now: Timestamp) {
        let hash = new.as_ref().map(|new| {
            let client = (&new.client, &new.client_version);
            self.hasher.hash_one((client, &new.name, &new.document))
        });
        let mut counted = self.lock();
        if counted.redacted.len() >= MAX_SEEN {
            counted.redacted.clear();
        }
        counted.redacted.insert(seen, hash);
        let is_full = counted.uses.len() >= MAX_OPERATIONS;
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

impl ClientUsage {
    /// Identifies an operation before validation.
    pub(crate) fn seen(&self, document: &str, name: Option<&str>) -> SeenOperation {
        let name = name.unwrap_or_default();
        SeenOperation {
            hash: self
                .recorder
                .hasher
                .hash_one((document, name, &self.client)),
            name: name.to_owned(),
        }
    }

    /// Counts a valid operation. `document` is called only for operations that were not seen lately.
    pub(crate) fn count(&self, seen: &SeenOperation, document: impl FnOnce() -> Option<Document>) {
        let now = self.recorder.clock.now();
        if self.recorder.count_seen(seen.hash, now) {
            return;
        }
        let Some(document) = document() else { return };
        // The engine selects the operation after validation and reports an ambiguous name itself.
        let Some(name) = selected_name(&document, &seen.name) else {
            return;
        };
        let name = name.to_owned();
        let document = redact_literals(document);
        let new = (name.len() + document.len() <= MAX_OPERATION_BYTES).then(|| Use {
            client: self.client.name.clone(),
            client_version: self.client.version.clone(),
            name,
            document,
            count: 0,
            last_seen: now,
        });
        self.recorder.count_new(seen.hash, new, now);
    }
}

/// Name of the operation that the engine would select, empty if it is anonymous; `None` if the selection is ambiguous or
/// names no operation.
fn selected_name<'a>(document: &'a Document, wanted: &str) -> Option<&'a str> {
    let mut names = operation::operations(document)
        .map(|operation| operation::name(operation).unwrap_or_default())
        .filter(|name| wanted.is_empty() || *name == wanted);
    let first = names.next()?;
    names.next().is_none().then_some(first)
}

impl fmt::Debug for ClientUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientUsage")
            .field("client", &self.client)
            .finish_non_exhaustive()
    }
}
