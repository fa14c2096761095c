//! The schema registry: what was published, what clients ask for, and how often they do.
//!
//! It is no server. Everything is objects in a folder or a bucket (`common::objects`), which the commands of
//! `cargo xtask schema` write and routers read, and files that clients commit.
//!
//! | module | |
//! | --- | --- |
//! | `log` | every publication, in one order that nobody can change afterwards |
//! | `store` | where the log and the schemas are kept, and how two who publish at once do not lose each other's |
//! | `operations` | what clients send, as they commit it |
//! | `usage` | what clients have sent, as routers have seen it |

mod hash;
mod log;
pub mod operations;
mod store;
pub mod usage;

pub use hash::Hash;
pub use log::{Change, Check, Draft, Entry, Subgraph, Verdict};
pub use store::{Registry, RegistryError};
