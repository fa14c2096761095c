//! Subscriptions through the router.

mod clients;
mod faults;
mod identity;
mod operations;
mod protocol;
mod streams;

/// What most tests subscribe to.
pub const NOTED: &str = "subscription { noted { id text author { username } } }";
