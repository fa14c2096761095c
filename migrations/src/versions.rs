use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::{Context, Error};

/// Only one migrates a database at a time; the others wait here for as long as it takes, then find nothing to do.
const LOCK: &str = "SET lock_timeout = 0; SELECT pg_advisory_lock(hashtext('rookery.migrate')); RESET lock_timeout";

/// Brings the schemas of all contexts up to date, as role `migrator`. Each migration is a transaction of its own.
/// Does nothing to a schema that is newer than this program knows.
pub async fn migrate(migrator_url: &str) -> Result<(), Error> {
    let mut connection = PgConnection::connect(migrator_url)
        .await
        .map_err(Error::Connect)?;
    connection.execute(LOCK).await.map_err(Error::Connect)?;
    for context in Context::ALL {
        migrate_context(&mut connection, context).await?;
    }
    // The lock ends with the connection, also when that is cut off here.
    connection.close().await.ok();
    Ok(())
}

async fn migrate_context(connection: &mut PgConnection, context: Context) -> Result<(), Error> {
    let role = context.owner();
    // What is made belongs to who makes it: without this the service could not read it.
    connection
        .execute(AssertSqlSafe(format!("SET ROLE {role}")))
        .await
        .map_err(|source| Error::SetRole { role, source })?;
    migrator(context)
        .run_direct(None, connection, false)
        .await
        .map_err(|source| match source {
            MigrateError::VersionMismatch(version) => Error::Changed { context, version },
            source => Error::Migrate { context, source },
        })?;
    // The default privileges of the schema let its service write; not to the record of its migrations.
    let protect = format!(
        "REVOKE INSERT, UPDATE, DELETE ON {} FROM {}; RESET ROLE",
        context.migrations_table(),
        context.service_role()
    );
    connection
        .execute(AssertSqlSafe(protect))
        .await
        .map_err(|source| Error::State { context, source })?;
    Ok(())
}

/// Version of the newest migration that this program knows; 0 when there is none.
pub fn required_version(context: Context) -> i64 {
    migrator(context)
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0)
}

fn migrator(context: Context) -> Migrator {
    let mut migrator = match context {
        Context::Users => sqlx::migrate!("./users"),
        Context::Posts => sqlx::migrate!("./posts"),
        Context::Messaging => sqlx::migrate!("./messaging"),
    };
    migrator.dangerous_set_table_name(context.migrations_table());
    migrator
        // A program that was rolled back meets a schema of its successor, which must still serve it.
        .set_ignore_missing(true)
        // We hold a lock of our own over all contexts.
        .set_locking(false);
    migrator
}
