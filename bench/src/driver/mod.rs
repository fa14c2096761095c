//! The load generator. It shares the machine with what it measures, so it is as cheap as can be: HTTP/1.1 connections that
//! are kept, one thread, and answers that are read once and after that only compared.

mod answer;
mod call;
mod closed;
mod connection;
mod measurement;
mod open;
mod pages;
mod probe;

pub use call::{Api, Call, Target};
pub use closed::closed;
pub use connection::Connection;
pub use measurement::{Cost, DRIVER, Latency, Measurement, count};
pub use open::open;
pub use pages::{Place, page_after};
pub use probe::{Probe, Window};
