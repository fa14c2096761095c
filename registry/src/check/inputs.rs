//! What a check looks at, in memory: from the working tree and git for `schema check`, from the registry for
//! `schema publish`, from a few lines of SDL in the tests.

use std::path::PathBuf;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::compose::Subgraph;
use crate::drift::Stale;

pub struct Inputs {
    /// What the schema is compared with.
    pub base: Schemas,
    /// What is checked.
    pub head: Schemas,
    /// The committed files that are not what the code gives; none when the code was not asked.
    pub stale: Option<Vec<Stale>>,
    pub operations: Vec<Use>,
    /// Live traffic was to count, too: that there is none among the operations is worth saying.
    pub usage_asked: bool,
    /// What is recorded and cannot be read.
    pub unread: Vec<Unread>,
    pub approvals: Vec<Approval>,
    /// What the API may never lack (`schema/contract.graphql`), if anything was promised.
    pub promised: Option<String>,
    /// The same of the REST API.
    pub rest: Option<Rest>,
    pub policy: Policy,
}

pub struct Rest {
    /// `schema/contract.rest`.
    pub promised: String,
    /// The OpenAPI document.
    pub document: serde_json::Value,
}

/// A graph at one moment.
#[derive(Default)]
pub struct Schemas {
    /// For people: a revision, `the working tree`.
    pub described: String,
    pub subgraphs: Vec<Subgraph>,
    /// The supergraph that is committed or published, when there is one beside the subgraphs.
    pub supergraph: Option<String>,
    /// The same of the API schema.
    pub api: Option<String>,
}

/// An operation that clients send.
#[derive(Debug, Clone)]
pub struct Use {
    pub client: String,
    pub name: String,
    pub document: String,
    pub source: Source,
}

/// How an operation is known.
#[derive(Debug, Clone)]
pub enum Source {
    /// It is in the folder of operations.
    Recorded(PathBuf),
    /// It was in that folder at the base: installed clients may still send it.
    Retired(PathBuf),
    /// A router answered it so often, last on that day.
    Live { last_seen: NaiveDate, count: u64 },
}

/// Something in the folder of operations that is none.
#[derive(Debug, Clone)]
pub struct Unread {
    /// Where it is, as git writes it when it is at the base.
    pub file: String,
    pub wrong: String,
    /// It is at the base, where nothing can be done about it any more.
    pub at_base: bool,
}

/// A reviewed exception.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    pub coordinate: String,
    pub code: String,
    pub reason: String,
    pub by: String,
    /// The last day on which it holds.
    pub until: NaiveDate,
}

pub struct Policy {
    pub today: NaiveDate,
    /// Breaking changes fail the check whether or not an operation uses them.
    pub strict: bool,
    /// For so many days an operation that was seen in live traffic counts.
    pub usage_days: u64,
}

impl Use {
    /// `client/Operation`.
    pub fn label(&self) -> String {
        format!("{}/{}", self.client, self.name)
    }
}

impl Policy {
    pub const USAGE_DAYS: u64 = 30;

    pub fn new(today: NaiveDate) -> Self {
        Self {
            today,
            strict: false,
            usage_days: Self::USAGE_DAYS,
        }
    }
}
