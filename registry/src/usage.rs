//! What clients have sent, as routers have seen it.
//!
//! A router counts for a while and stores what it has counted as an object of its own, `usage/<day>/<time>-<router>.jsonl`
//! with a line a client and operation; documents are stored once a day, as `usage-documents/<day>/<sha256>`. So any number
//! of routers write without knowing of one another. What is older than a check looks back may be deleted, by a rule of the
//! bucket for example; a line whose document is gone is as good as deleted.

use std::{
    collections::{BTreeMap, HashMap, HashSet, hash_map},
    sync::{Arc, Mutex, PoisonError},
};

use common::{
    Timestamp,
    objects::{Location, Objects, ObjectsError},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use crate::Hash;

const FOLDER: &str = "usage";
const DOCUMENTS: &str = "usage-documents";

/// Requests to the store at once.
const AT_ONCE: usize = 16;
/// Documents that are remembered as stored: more than a router counts in a minute.
const REMEMBERED: usize = 4_096;

/// One operation of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// What the client calls itself; empty when it does not.
    pub client: String,
    /// Its version, likewise.
    pub client_version: String,
    /// The name of the operation; empty when it has none.
    pub name: String,
    /// The document, without the values that were written into it.
    pub document: String,
    /// How often it was sent.
    pub count: u64,
    pub last_seen: Timestamp,
}

/// A line of what is stored.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    client: String,
    client_version: String,
    name: String,
    document: Hash,
    count: u64,
    last_seen: Timestamp,
}

#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    #[error("what was counted cannot be reached: {0}")]
    Objects(#[from] ObjectsError),
    #[error("`{0}` is not what a router has written: {1}")]
    Damaged(String, String),
}

/// Where what was counted is kept.
#[derive(Clone)]
pub struct Usage {
    objects: Objects,
    /// What this process has stored, so that it does not do so every minute.
    stored: Arc<Mutex<HashSet<Location>>>,
}

impl Usage {
    pub fn new(objects: Objects) -> Self {
        Self {
            objects,
            stored: Arc::default(),
        }
    }

    /// Stores what a router has counted up to now. `router` is a name that no other router has.
    pub async fn store(
        &self,
        router: &str,
        now: Timestamp,
        counted: &[Use],
    ) -> Result<(), UsageError> {
        let day = day(now);
        let mut lines = String::new();
        let mut documents = HashMap::new();
        for each in counted {
            let document = Hash::of(&each.document);
            documents.insert(document_of(&day, document), each.document.clone());
            let line = Line {
                client: each.client.clone(),
                client_version: each.client_version.clone(),
                name: each.name.clone(),
                document,
                count: each.count,
                last_seen: each.last_seen,
            };
            let line = serde_json::to_string(&line)
                .map_err(|error| UsageError::Damaged(router.to_owned(), error.to_string()))?;
            lines.push_str(&line);
            lines.push('\n');
        }
        // Before the lines that name them.
        stream::iter(documents)
            .map(Ok)
            .try_for_each_concurrent(AT_ONCE, async |(location, document)| {
                self.store_document(location, document).await
            })
            .await?;
        let now = now.as_micros();
        let location = Location::from(format!("{FOLDER}/{day}/{now}-{router}.jsonl"));
        Ok(self.objects.put(&location, lines.into()).await?)
    }

    async fn store_document(&self, at: Location, document: String) -> Result<(), UsageError> {
        if self.stored().contains(&at) {
            return Ok(());
        }
        self.objects.create(&at, document.into()).await?;
        let mut stored = self.stored();
        if stored.len() >= REMEMBERED {
            stored.clear();
        }
        stored.insert(at);
        Ok(())
    }

    fn stored(&self) -> std::sync::MutexGuard<'_, HashSet<Location>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was counted on this day and after it, each operation of a client once.
    pub async fn since(&self, from: Timestamp) -> Result<Vec<Use>, UsageError> {
        let folder = Location::from(FOLDER);
        let begin = Location::from(format!("{FOLDER}/{}", day(from)));
        let mut counted = BTreeMap::new();
        let mut documents = HashMap::new();
        for location in self.objects.list(&folder, Some(&begin)).await? {
            let day = location.parts().nth(1);
            let day = day.as_ref().map(AsRef::as_ref).unwrap_or_default();
            for line in self.lines(&location).await? {
                if let hash_map::Entry::Vacant(vacant) = documents.entry(line.document) {
                    match self.text(&document_of(day, line.document)).await? {
                        Some(document) => vacant.insert(document),
                        None => continue,
                    };
                }
                let key = (line.client, line.client_version, line.name, line.document);
                let entry = counted.entry(key).or_insert((0, line.last_seen));
                entry.0 += line.count;
                entry.1 = entry.1.max(line.last_seen);
            }
        }
        let uses = counted.into_iter().map(
            |((client, client_version, name, hash), (count, last_seen))| Use {
                client,
                client_version,
                name,
                document: documents.get(&hash).cloned().unwrap_or_default(),
                count,
                last_seen,
            },
        );
        Ok(uses.collect())
    }

    async fn lines(&self, location: &Location) -> Result<Vec<Line>, UsageError> {
        // Somebody may be deleting what is old.
        let text = self.text(location).await?.unwrap_or_default();
        text.lines()
            .map(|line| {
                serde_json::from_str(line)
                    .map_err(|error| UsageError::Damaged(location.to_string(), error.to_string()))
            })
            .collect()
    }

    async fn text(&self, location: &Location) -> Result<Option<String>, UsageError> {
        let Some(bytes) = self.objects.get(location).await? else {
            return Ok(None);
        };
        String::from_utf8(bytes.into())
            .map(Some)
            .map_err(|error| UsageError::Damaged(location.to_string(), error.to_string()))
    }
}

fn document_of(day: &str, hash: Hash) -> Location {
    Location::from(format!("{DOCUMENTS}/{day}/{hash}"))
}

/// `2026-01-31`.
fn day(time: Timestamp) -> String {
    time.to_string().chars().take(10).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 24 * 60 * 60 * 1_000_000;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    fn used(client: &str, document: &str, count: u64, last_seen: i64) -> Use {
        Use {
            client: client.to_owned(),
            client_version: "1".to_owned(),
            name: "Q".to_owned(),
            document: document.to_owned(),
            count,
            last_seen: at(last_seen),
        }
    }

    #[tokio::test]
    async fn what_several_routers_counted_is_added_up() {
        let folder = tempfile::tempdir().unwrap();
        let usage = Usage::new(Objects::in_folder(folder.path()).unwrap());
        let web = |count, seen| used("web", "query Q { a }", count, seen);
        let ios = used("ios", "query Q { a }", 1, 7);
        let now = at(10 * DAY);
        usage
            .store("a", now, &[web(2, 5), ios.clone()])
            .await
            .unwrap();
        usage.store("b", now, &[web(3, 9)]).await.unwrap();
        assert_eq!(usage.since(now).await.unwrap(), [ios, web(5, 9)]);
    }

    #[tokio::test]
    async fn what_is_older_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let usage = Usage::new(Objects::in_folder(folder.path()).unwrap());
        let (old, new) = (used("old", "{ a }", 1, 1), used("new", "{ a }", 1, 1));
        usage
            .store("a", at(10 * DAY + 1), std::slice::from_ref(&old))
            .await
            .unwrap();
        usage
            .store("a", at(11 * DAY), std::slice::from_ref(&new))
            .await
            .unwrap();
        assert_eq!(
            usage.since(at(11 * DAY + 5)).await.unwrap(),
            std::slice::from_ref(&new)
        );
        assert_eq!(usage.since(at(10 * DAY + 5)).await.unwrap(), [new, old]);
        assert_eq!(usage.since(at(12 * DAY)).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_line_whose_document_was_deleted_is_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::in_folder(folder.path()).unwrap();
        let usage = Usage::new(objects.clone());
        let (old, new) = (used("web", "{ old }", 1, 1), used("web", "{ new }", 1, 1));
        usage
            .store("a", at(10 * DAY), &[old.clone(), new.clone()])
            .await
            .unwrap();
        let document = document_of("1970-01-11", Hash::of(&old.document));
        objects.delete(&document).await.unwrap();
        assert_eq!(usage.since(at(10 * DAY)).await.unwrap(), [new]);
    }

    #[tokio::test]
    async fn what_no_router_has_written_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::in_folder(folder.path()).unwrap();
        let location = Location::from("usage/1970-01-11/1-a.jsonl");
        objects.put(&location, "{}".into()).await.unwrap();
        let error = Usage::new(objects).since(at(10 * DAY)).await.unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("`usage/1970-01-11/1-a.jsonl` is not what")
        );
    }
}
