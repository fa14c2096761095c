//! SQL on schema `posts`. Plain functions on a connection; the caller owns the transaction.

pub mod changes;
pub mod likes;
pub mod plans;
pub mod posts;
pub mod timeline;
