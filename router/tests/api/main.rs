//! The real router, as a process of its own, in front of small subgraphs.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "tests say what they expect by panicking"
)]

mod auth;
mod client_address;
mod configuration;
mod cors;
mod documents;
mod errors;
mod expansion;
mod forgeries;
mod form;
mod isolation;
mod limits;
mod live;
mod nodes;
mod operations;
mod outage;
mod pages;
mod paths;
mod playground;
mod rate;
mod rate_store;
mod ready;
mod rest;
mod rotation;
mod schema;
mod stop;
mod supergraph;
mod support;
mod trace;
mod usage;
