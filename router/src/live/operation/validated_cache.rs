//! Cache of validated subscriptions. When a restart reconnects ten thousand clients with the same operation, it is parsed and
//! validated once.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
};

use super::SubscriptionPlan;

/// Bounds on the number of entries and on the bytes of one document; a client application has a handful of operations.
const MAX_ENTRIES: usize = 512;
const MAX_DOCUMENT_BYTES: usize = 8 * 1024;

struct Entry {
    document: Box<str>,
    name: Option<Box<str>>,
    plan: Arc<SubscriptionPlan>,
}

#[derive(Default)]
pub(super) struct ValidatedCache {
    hasher: RandomState,
    entries: Mutex<HashMap<u64, Entry>>,
}

impl ValidatedCache {
    pub(super) fn get(&self, document: &str, name: Option<&str>) -> Option<Arc<SubscriptionPlan>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries
            .get(&self.hasher.hash_one((document, name)))
            .filter(|entry| *entry.document == *document && entry.name.as_deref() == name)
            .map(|entry| entry.plan.clone())
    }

    pub(super) fn insert(&self, document: &str, name: Option<&str>, plan: &Arc<SubscriptionPlan>) {
        if document.len() > MAX_DOCUMENT_BYTES {
            return;
        }
        let entry = Entry {
            document: document.into(),
            name: name.map(Into::into),
            plan: plan.clone(),
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MAX_ENTRIES {
            // A client that sends random operations makes the others validate once more; nothing else is lost.
            entries.clear();
        }
        entries.insert(self.hasher.hash_one((document, name)), entry);
    }
}
