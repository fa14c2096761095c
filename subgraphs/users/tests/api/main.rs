//! The users service from outside: its routes called in process, on a real PostgreSQL, with a clock that stands still
//! and a mailbox of its own.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "tests say what they expect by panicking, their helpers too"
)]

mod album;
mod avatar_failures;
mod avatar_store;
mod avatars;
mod batching;
mod blocks;
mod config;
mod families;
mod follows;
mod internal;
mod login;
mod mailer;
mod outbox;
mod own_sessions;
mod parity;
mod password_change;
mod password_reset;
mod plans;
mod profiles;
mod registration;
mod rest;
mod rest_avatars;
mod roles;
mod schema;
mod secrecy;
mod service;
mod sessions;
mod throttle;
mod verification;
mod versions;
mod world;
