//! The shared infrastructure, as a service uses it.
#![expect(
    clippy::unwrap_used,
    reason = "a test says what it expects by panicking"
)]

mod batching;
mod calls;
mod coalesce;
mod graphql;
mod keys;
mod media_types;
mod server;
mod tokens;
mod upstream;
