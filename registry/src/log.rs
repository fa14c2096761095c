//! The log: every publication, in one order. An entry says all that was true after it, so that the last one is enough to
//! know what is served.

use std::collections::BTreeMap;

use common::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Hash;

/// One publication, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// 1, 2, 3, …: the version of the supergraph.
    pub version: u64,
    pub published_at: Timestamp,
    /// Who published: a person, or the job of a pipeline.
    pub author: String,
    /// Why, in the author's words.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    pub change: Change,
    /// What the check said of it.
    pub check: Check,
    /// All subgraphs, by their names, the changed one included.
    pub subgraphs: BTreeMap<String, Subgraph>,
    /// What routers serve.
    pub supergraph: Hash,
    /// What clients see of it.
    pub api: Hash,
}

/// What an entry changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Change {
    /// These subgraphs have other schemas or addresses than before, or are new.
    Publish { subgraphs: Vec<String> },
    /// Everything is as it was in an earlier version.
    Rollback { to: u64 },
}

/// A subgraph as it was last published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subgraph {
    /// 1, 2, 3, …: how often it has been published.
    pub version: u64,
    /// The SDL.
    pub schema: Hash,
    /// Where routers find it, unless they are told otherwise.
    pub routing_url: String,
    pub published_at: Timestamp,
    pub author: String,
}

/// What a check said, in numbers. The whole report is a document of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Check {
    pub verdict: Verdict,
    /// Changes that break clients, those that somebody approved included.
    pub breaking: usize,
    pub dangerous: usize,
    pub safe: usize,
    pub report: Hash,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Passed,
    /// Only a rollback is published in spite of that.
    Failed,
}

/// A publication that is not stored yet: what is to follow the entry before.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The version of the entry that it was made from; 0 for the first. It is what the check compared with.
    pub follows: u64,
    pub author: String,
    pub message: String,
    pub change: Change,
    pub verdict: Verdict,
    pub breaking: usize,
    pub dangerous: usize,
    pub safe: usize,
    /// The report of the check, as JSON.
    pub report: String,
    /// Name, SDL and routing URL of every subgraph, the changed one included.
    pub subgraphs: BTreeMap<String, (String, String)>,
    pub supergraph: String,
    pub api: String,
}
