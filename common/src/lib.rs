//! Infrastructure shared by the services. No noun of the product lives here: what a user, a post or a message is,
//! only its own context knows.

pub mod audit;
pub mod auth;
pub mod client_address;
pub mod clock;
pub mod coalesce;
pub mod config;
pub mod error;
pub mod graphql;
pub mod metrics;
pub mod objects;
pub mod origin;
pub mod page;
pub mod postgres;
pub mod relay;
pub mod respond;
pub mod rest;
pub mod server;
pub mod service;
pub mod shutdown;
pub mod telemetry;
pub mod timestamp;
pub mod trace;
pub mod upstream;

pub use timestamp::Timestamp;
