//! The operations that were found good. When a restart brings ten thousand clients back with one operation, it is parsed,
//! validated and tried once.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, PoisonError},
};

use super::Plan;

/// How many are remembered, and up to which size: clients have a handful each.
const MOST: usize = 512;
const LONGEST: usize = 8 * 1024;

struct Entry {
    document: Box<str>,
    name: Option<Box<str>>,
    plan: Arc<Plan>,
}

#[derive(Default)]
pub(super) struct Known {
    hasher: RandomState,
    entries: Mutex<HashMap<u64, Entry>>,
}

impl Known {
    pub(super) fn find(&self, document: &str, name: Option<&str>) -> Option<Arc<Plan>> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries
            .get(&self.hasher.hash_one((document, name)))
            .filter(|entry| *entry.document == *document && entry.name.as_deref() == name)
            .map(|entry| entry.plan.clone())
    }

    pub(super) fn remember(&self, document: &str, name: Option<&str>, plan: &Arc<Plan>) {
        if document.len() > LONGEST {
            return;
        }
        let entry = Entry {
            document: document.into(),
            name: name.map(Into::into),
            plan: plan.clone(),
        };
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if entries.len() >= MOST {
            // Whoever makes up operations makes the others cost a try each once more, and no more than that.
            entries.clear();
        }
        entries.insert(self.hasher.hash_one((document, name)), entry);
    }
}
