//! The schema registry: checks changes of a federated graph, publishes its schemas, and keeps what clients send.
//!
//! There is no server. A registry is a folder or a bucket of objects (`common::objects`), which `rookery-schema` writes and
//! routers read.
//!
//! | module | task |
//! | --- | --- |
//! | `log` | the append-only log of publications |
//! | `store` | stores the log and the schemas; concurrent publications cannot overwrite each other |
//! | `operations` | operations that clients have recorded in files |
//! | `usage` | operations that routers have counted |
//! | `check` | the schema check, a pipeline of steps |
//! | `commands` | publish, rollback, history, fetch, diff |
//! | `compose` | composes subgraphs; the only module that knows the composer |
//! | `contract`, `rest_contract` | what the API must never lack |
//! | `drift` | generated files, written or compared |

pub mod check;
pub mod commands;
pub mod compose;
pub mod contract;
pub mod drift;
pub mod failure;
pub mod finding;
mod hash;
mod log;
mod object_stores;
pub mod operations;
pub mod places;
mod published;
pub mod rest_contract;
mod store;
pub mod supergraph_yaml;
pub mod usage;

pub use hash::Hash;
pub use log::{Change, Check, Draft, Entry, Subgraph, Verdict};
pub use store::{Registry, RegistryError};
