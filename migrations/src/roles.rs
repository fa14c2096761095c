//! The database roles of a context and its migrations table, named after the context.

use contexts::Context;

/// Changes schemas, after `SET ROLE` to their owner.
pub(crate) const MIGRATOR: &str = "migrator";

/// The role that owns the context's schema. It cannot log in.
pub fn owner_role(context: Context) -> String {
    format!("{context}_owner")
}

/// The role that the context's service connects as.
pub fn service_role(context: Context) -> String {
    format!("{context}_svc")
}

/// The table that records which migrations were applied.
pub(crate) fn migrations_table(context: Context) -> String {
    format!("{context}._sqlx_migrations")
}
