//! Usage reports: which client sends which operation how often, for the schema check (`registry::usage`).
//!
//! Off unless `USAGE_URL` is set. An operation is counted after validation, under the client's own name and version, and with
//! its literals redacted. Counts are stored every minute and at shutdown.

mod client_info;
mod recorder;
mod redact_literals;

pub(crate) use client_info::{ClientInfo, NAME, VERSION};
pub(crate) use recorder::{ClientUsage, Recorder, SeenOperation};
