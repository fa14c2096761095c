//! What reaches out of the process.

pub mod mail;
