//! The crate against real servers and real processes.

#![expect(
    clippy::unwrap_used,
    reason = "tests say what they expect by panicking"
)]

mod durability;
mod fetched;
mod lifetime;
mod search;
mod support;
