//! A private PostgreSQL cluster for one process, such as `cargo run` or a test.
//!
//! [`Cluster::start`] finds server binaries ([`Search`]), makes a cluster when there is none, starts it on a free port of
//! 127.0.0.1 and returns when it takes connections. The server ends with the process that started it, also after a
//! `kill -9`, and data in a folder ([`Storage::Durable`]) is recovered by the next start.
//!
//! The crate blocks and knows no async runtime: call it from `spawn_blocking`. It needs Linux (`/proc`).

mod account;
mod cluster;
mod environment;
mod error;
mod fetch;
mod folder;
mod guard;
mod home;
mod last_lines;
mod lock;
mod processes;
mod search;
mod server;
mod wait;

pub use cluster::{Cluster, Storage};
pub use error::Error;
pub use fetch::Source;
pub use home::{home, make_folder};
pub use search::{Binaries, Search};

/// Oldest major version that we run on: `STRATEGY file_copy` and `NULLS NOT DISTINCT` came with it.
pub const OLDEST_SUPPORTED: u32 = 15;
