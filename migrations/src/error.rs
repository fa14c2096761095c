use sqlx::migrate::MigrateError;

use crate::{Context, Unusable};

/// The reason why the database could not be prepared; every message is one line.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot connect to the database: {0}")]
    Connect(sqlx::Error),

    #[error("cannot make roles, schemas and grants: {0}")]
    Bootstrap(sqlx::Error),

    #[error("cannot make a password for a role: {0}")]
    Password(#[from] Unusable),

    #[error("the URL of the database's administrator has no host")]
    NoHost,

    #[error(
        "cannot act as {role}: {source}; MIGRATION_DATABASE_URL must be the URL of role migrator, and `migrate bootstrap` must have run"
    )]
    SetRole { role: String, source: sqlx::Error },

    #[error(
        "migration {version} of {context} is not the one that was applied to this database: an applied migration must never be changed, add another one"
    )]
    Changed { context: Context, version: i64 },

    #[error("migrating {context} failed: {source}")]
    Migrate {
        context: Context,
        source: MigrateError,
    },

    #[error("reading or writing the state of {context} failed: {source}")]
    State {
        context: Context,
        source: sqlx::Error,
    },
}
