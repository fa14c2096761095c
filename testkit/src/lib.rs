//! What tests share: a migrated database each on one throw-away PostgreSQL, access tokens, a clock that stands still,
//! a GraphQL and a REST client that need no network.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot have what it needs has nothing to say but to panic"
)]

mod clock;
mod cluster;
mod database;
mod dump;
mod graph;
mod log;
mod parity;
mod rest;
mod service;
mod tokens;

pub use clock::ManualClock;
pub use cluster::{PASSWORD, passwords};
pub use database::{TestDatabase, database, empty_database};
pub use dump::dump;
pub use graph::{Answer, Graph};
pub use log::{Line, Log};
pub use migrations::Context;
pub use parity::{Outcome, Played, page_of};
pub use rest::{Reply, Rest};
pub use service::{Person, TestService, refused, text, user_errors};
pub use tokens::{Authority, tokens};
