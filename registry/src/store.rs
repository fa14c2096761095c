//! Where the log and the documents are kept.
//!
//! | object | |
//! | --- | --- |
//! | `log/00000042.json` | an entry, made once and never changed |
//! | `documents/<sha256>` | an SDL or a report, by what is in it |
//! | `supergraph.graphql` | a copy of the newest supergraph, for routers of other makes |
//!
//! An entry may only be made where there is none, which both kinds of store see to. Of two who publish at once, one makes it; the other looks again, checks
//! again and makes the next. So nobody's publication is lost, whatever the store is.

use std::collections::BTreeMap;

use common::{
    clock::SharedClock,
    objects::{Location, Objects, ObjectsError},
};

use crate::{
    Hash,
    log::{Check, Draft, Entry, Subgraph},
};

const LOG: &str = "log";
const DOCUMENTS: &str = "documents";
/// The copy.
const SUPERGRAPH: &str = "supergraph.graphql";

/// What is published.
#[derive(Clone)]
pub struct Registry {
    objects: Objects,
}

/// Why the registry cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error("the registry cannot be reached: {0}")]
    Objects(#[from] ObjectsError),
    #[error("`{0}` is missing in the registry")]
    Missing(String),
    #[error("`{0}` in the registry is not what was written there: {1}")]
    Damaged(String, String),
    /// Nothing was stored; whoever publishes has to look at what is new.
    #[error("somebody else has published version {0} meanwhile")]
    Conflict(u64),
}

impl Registry {
    pub fn new(objects: Objects) -> Self {
        Self { objects }
    }

    /// The newest entry; none as long as nothing was published.
    pub async fn latest(&self) -> Result<Option<Entry>, RegistryError> {
        self.newest_after(0).await
    }

    /// The newest entry, if it is newer than this version.
    pub async fn newest_after(&self, version: u64) -> Result<Option<Entry>, RegistryError> {
        match self.locations(version).await?.last() {
            Some(location) => self.read(location).await.map(Some),
            None => Ok(None),
        }
    }

    /// The entry of a version.
    pub async fn entry(&self, version: u64) -> Result<Entry, RegistryError> {
        self.read(&location_of(version)).await
    }

    /// All entries, from the first to the newest.
    pub async fn history(&self) -> Result<Vec<Entry>, RegistryError> {
        let mut entries = Vec::new();
        for location in self.locations(0).await? {
            entries.push(self.read(&location).await?);
        }
        Ok(entries)
    }

    /// A document, which is what it was when it was stored.
    pub async fn document(&self, hash: Hash) -> Result<String, RegistryError> {
        let location = document_of(hash);
        let text = self.text(&location).await?;
        if Hash::of(&text) == hash {
            Ok(text)
        } else {
            Err(damaged(&location, "it has another hash"))
        }
    }

    /// Stores a publication as the next version; [`RegistryError::Conflict`] if it does not follow the newest one. The copy
    /// is for [`Registry::renew_copy`].
    pub async fn append(&self, clock: &SharedClock, draft: Draft) -> Result<Entry, RegistryError> {
        let before = match self.latest().await? {
            Some(latest) if latest.version != draft.follows => {
                return Err(RegistryError::Conflict(latest.version));
            }
            Some(latest) => latest.subgraphs,
            None => BTreeMap::new(),
        };
        let entry = self.store_documents(clock, draft, before).await?;
        let location = location_of(entry.version);
        if !self.objects.create(&location, json(&entry)?).await? {
            return Err(RegistryError::Conflict(entry.version));
        }
        Ok(entry)
    }

    /// Writes the copy of the newest supergraph anew. Whoever writes last looks once more whether it was the newest, so the
    /// last word is.
    pub async fn renew_copy(&self) -> Result<(), RegistryError> {
        let mut newest = self.latest().await?;
        while let Some(entry) = newest {
            let supergraph = self.document(entry.supergraph).await?;
            let copy = Location::from(SUPERGRAPH);
            self.objects.put(&copy, supergraph.into()).await?;
            newest = self.newest_after(entry.version).await?;
        }
        Ok(())
    }

    /// Stores all documents that an entry needs; the entry.
    async fn store_documents(
        &self,
        clock: &SharedClock,
        draft: Draft,
        before: BTreeMap<String, Subgraph>,
    ) -> Result<Entry, RegistryError> {
        let published_at = clock.now();
        let mut subgraphs = BTreeMap::new();
        for (name, (sdl, routing_url)) in draft.subgraphs {
            let schema = self.store(&sdl).await?;
            let known = before.get(&name);
            let unchanged = known
                .filter(|known| known.schema == schema && known.routing_url == routing_url)
                .cloned();
            let subgraph = unchanged.unwrap_or_else(|| Subgraph {
                version: known.map_or(0, |known| known.version) + 1,
                schema,
                routing_url,
                published_at,
                author: draft.author.clone(),
            });
            subgraphs.insert(name, subgraph);
        }
        Ok(Entry {
            version: draft.follows + 1,
            published_at,
            author: draft.author,
            message: draft.message,
            change: draft.change,
            check: Check {
                verdict: draft.verdict,
                breaking: draft.breaking,
                dangerous: draft.dangerous,
                safe: draft.safe,
                report: self.store(&draft.report).await?,
            },
            subgraphs,
            supergraph: self.store(&draft.supergraph).await?,
            api: self.store(&draft.api).await?,
        })
    }

    /// Stores a document; that it is there already means that it is the same.
    async fn store(&self, document: &str) -> Result<Hash, RegistryError> {
        let hash = Hash::of(document);
        let bytes = document.to_owned().into();
        self.objects.create(&document_of(hash), bytes).await?;
        Ok(hash)
    }

    /// Of the entries after this version, in their order.
    async fn locations(&self, version: u64) -> Result<Vec<Location>, RegistryError> {
        let folder = Location::from(LOG);
        let after = location_of(version);
        let mut found = self.objects.list(&folder, Some(&after)).await?;
        // What somebody else has put there is no version.
        found.retain(|location| version_of(location).is_some());
        Ok(found)
    }

    async fn read(&self, location: &Location) -> Result<Entry, RegistryError> {
        let text = self.text(location).await?;
        let entry: Entry = serde_json::from_str(&text).map_err(|error| damaged(location, error))?;
        if location_of(entry.version) == *location {
            Ok(entry)
        } else {
            Err(damaged(location, "it is of another version"))
        }
    }

    async fn text(&self, location: &Location) -> Result<String, RegistryError> {
        let bytes = self
            .objects
            .get(location)
            .await?
            .ok_or_else(|| RegistryError::Missing(location.to_string()))?;
        String::from_utf8(bytes.into()).map_err(|error| damaged(location, error))
    }
}

impl Draft {
    /// Whether it would change anything.
    pub fn changes(&self, entry: &Entry) -> bool {
        let same = |(name, (sdl, url)): (&String, &(String, String))| {
            entry
                .subgraphs
                .get(name)
                .is_some_and(|known| known.schema == Hash::of(sdl) && known.routing_url == *url)
        };
        self.subgraphs.len() != entry.subgraphs.len() || !self.subgraphs.iter().all(same)
    }
}

/// Eight digits sort as numbers do.
fn location_of(version: u64) -> Location {
    Location::from(format!("{LOG}/{version:08}.json"))
}

fn version_of(location: &Location) -> Option<u64> {
    let version = location.filename()?.strip_suffix(".json")?.parse().ok()?;
    (location_of(version) == *location).then_some(version)
}

fn document_of(hash: Hash) -> Location {
    Location::from(format!("{DOCUMENTS}/{hash}"))
}

fn json(entry: &Entry) -> Result<bytes::Bytes, RegistryError> {
    serde_json::to_vec_pretty(entry)
        .map(Into::into)
        .map_err(|error| damaged(&location_of(entry.version), error))
}

fn damaged(location: &Location, error: impl std::fmt::Display) -> RegistryError {
    RegistryError::Damaged(location.to_string(), error.to_string())
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
