//! Everything that changes the structure of the database: roles and grants ([`bootstrap`]) and the migrations of each
//! context ([`migrate`]), or both with new passwords ([`set_up`]). [`check_schema`] lets a service refuse a schema that is too
//! old for it.
//!
//! A running service changes no structure: its role has no right to.

mod bootstrap;
mod create;
mod error;
mod roles;
mod scram;
mod setup;
mod status;
mod versions;

pub use bootstrap::{Passwords, bootstrap, close_to_strangers};
pub use contexts::{Context, PerContext};
pub use create::create_database;
pub use error::Error;
pub use roles::{owner_role, service_role};
pub use scram::{PasswordVerifier, Unusable};
pub use setup::set_up;
pub use status::{ContextStatus, SchemaError, check_schema, status};
pub use versions::{migrate, required_version};
