//! The posts service from outside: its GraphQL API in process, on a database of each test's own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects by panicking"
)]

mod concurrency;
mod counting;
mod crowd;
mod explain;
mod failures;
mod index;
mod index_under_change;
mod likes;
mod oracle;
mod pages;
mod parity;
mod plans;
mod reading;
mod rest;
mod rest_pages;
mod schema;
mod service;
mod social_graph;
mod timeline;
mod users_service;
mod versions;
mod world;
mod writing;
