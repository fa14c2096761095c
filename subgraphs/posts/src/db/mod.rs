//! SQL of schema `posts`. Plain functions on a connection; who calls them owns the transaction.

pub mod changes;
pub mod likes;
pub mod plans;
pub mod posts;
pub mod timeline;
