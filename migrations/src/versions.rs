use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::roles::{migrations_table, owner_role, service_role};
use crate::{Context, Error};

/// Serializes the migrations of one database: a second process waits without a limit, then finds nothing to do.
const LOCK: &str = "SET lock_timeout = 0; SELECT pg_advisory_lock(hashtext('rookery.migrate')); RESET lock_timeout";

/// Brings the schemas of all contexts up to date, as role `migrator`. Each migration is a transaction of its own.
/// A schema that is newer than this program stays as it is.
pub async fn migrate(migrator_url: &str) -> Result<(), Error> {
    let mut connection = PgConnection::connect(migrator_url)
        .await
        .map_err(Error::Connect)?;
    connection.execute(LOCK).await.map_err(Error::Connect)?;
    for context in Context::ALL {
        migrate_context(&mut connection, context).await?;
    }
    // The lock ends with the connection, also if closing fails.
    connection.close().await.ok();
    Ok(())
}

async fn migrate_context(connection: &mut PgConnection, context: Context) -> Result<(), Error> {
    let role = owner_role(context);
    // The creator owns a table. The default privileges that let the service read it are those of the owner role.
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
    // The default privileges of the schema let its service write to every table; this one must stay as it is.
    let protect = format!(
        "REVOKE INSERT, UPDATE, DELETE ON {} FROM {}; RESET ROLE",
        migrations_table(context),
        service_role(context)
    );
    connection
        .execute(AssertSqlSafe(protect))
        .await
        .map_err(|source| Error::State { context, source })?;
    Ok(())
}

/// Version of the newest migration in this program, or 0 if it has none.
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
    migrator.dangerous_set_table_name(migrations_table(context));
    migrator
        // A program that was rolled back finds the schema of its successor and must still run on it.
        .set_ignore_missing(true)
        // `LOCK` covers all contexts.
        .set_locking(false);
    migrator
}
