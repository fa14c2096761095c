//! The messaging service from outside: its GraphQL API in process, on a database of each test's own.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects by panicking"
)]

mod blocks;
mod conversations;
mod directory;
mod failures;
mod idempotency;
mod inbox;
mod live;
mod mentions;
mod order;
mod pages;
mod parity;
mod plans;
mod privacy;
mod reading;
mod rest;
mod schema;
mod sending;
mod service;
mod world;
