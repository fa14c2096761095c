//! What clients send, counted, so that a check of the schema knows what a change would break (`registry::usage`).
//!
//! Off unless `USAGE_URL` says where to. An operation counts once the engine has found it valid, under what its client calls
//! itself; the values within its document are taken out before anything is kept. What is counted is stored every minute,
//! and when the router stops.

mod client;
mod plain;
mod recorder;

pub(crate) use client::{Client, NAME, VERSION};
pub(crate) use recorder::{Asked, Recorder, Tally};
