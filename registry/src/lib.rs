//! The schema registry: what was published, what clients ask for, and how often they do.
//!
//! It is no server. Everything is objects in a folder or a bucket (`common::objects`), which the commands of
//! `cargo xtask schema` write and routers read.
//!
//! | module | |
//! | --- | --- |
//! | `log` | every publication, in one order that nobody can change afterwards |
//! | `store` | where the log and the schemas are kept, and how two who publish at once do not lose each other's |

mod hash;
mod log;
mod store;

pub use hash::Hash;
pub use log::{Change, Check, Draft, Entry, Subgraph, Verdict};
pub use store::{Registry, RegistryError};
