//! SQL on schema `users`. Plain functions on a connection; the caller owns the transaction.

pub mod blocks;
pub mod expiry;
pub mod follows;
pub mod login_failures;
pub mod one_time_tokens;
pub mod outbox;
mod pairs;
mod people;
pub mod roles;
pub mod sessions;
mod types;
pub mod users;
