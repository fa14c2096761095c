//! The schema registry.

pub mod operations;
