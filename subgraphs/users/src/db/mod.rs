//! SQL on schema `users`. Plain functions on a connection; who calls them owns the transaction.

pub mod expiry;
pub mod follows;
pub mod one_time_tokens;
pub mod outbox;
pub mod sessions;
mod types;
pub mod users;
