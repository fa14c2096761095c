//! Roles, grants and migrations, as PostgreSQL itself sees them.
#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by panicking"
)]

mod bootstrap;
mod command;
mod isolation;
mod support;
mod versions;
