//! The whole system, started as a user starts it and driven from outside through the router.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test says what it expects by panicking"
)]

mod client;
mod demo;
mod journey;
mod lifecycle;
mod load;
mod nodes;
mod outage;
mod requests;
mod rest;
mod rotation;
mod running;
mod secrecy;
mod secrets;
