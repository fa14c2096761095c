//! Everything that changes the database's structure: roles and grants ([`bootstrap`]), the migrations of each context
//! ([`migrate`]), and the check by which a service refuses a schema that is too old for it ([`check_schema`]).
//!
//! A running service does none of it: it connects with a role that cannot.

mod bootstrap;
mod context;
mod create;
mod error;
mod scram;
mod status;
mod versions;

pub use bootstrap::{Passwords, bootstrap, close_to_strangers};
pub use context::Context;
pub use create::create_database;
pub use error::Error;
pub use scram::{PasswordVerifier, Unusable};
pub use status::{ContextStatus, SchemaError, check_schema, status};
pub use versions::{migrate, required_version};
