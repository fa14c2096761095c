//! What reaches out of the process.

pub mod avatars;
pub mod mail;
