//! Subscriptions through the router.

mod streams;

/// What most tests subscribe to.
pub const NOTED: &str = "subscription { noted { id text author { username } } }";
