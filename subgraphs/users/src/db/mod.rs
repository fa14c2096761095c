//! SQL on schema `users`. Plain functions on a connection; who calls them owns the transaction.

pub mod blocks;
pub mod expiry;
pub mod follows;
mod listed;
pub mod login_failures;
pub mod one_time_tokens;
pub mod outbox;
pub mod roles;
pub mod sessions;
mod types;
pub mod users;
