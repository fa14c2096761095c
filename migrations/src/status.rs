use sqlx::error::DatabaseError;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgExecutor, Row};

use crate::roles::{migrations_table, owner_role};
use crate::{Context, Error, required_version};

/// The reason why a service must not start on this database.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    #[error(
        "schema `{context}` {}, this program needs version {needed}: run `migrate` with MIGRATION_DATABASE_URL set to the URL of role migrator",
        found.map_or_else(|| "has no migrations applied".to_owned(), |found| format!("is at version {found}"))
    )]
    TooOld {
        context: Context,
        found: Option<i64>,
        needed: i64,
    },
    #[error("cannot read the version of schema `{context}`: {source}")]
    Unreadable {
        context: Context,
        source: sqlx::Error,
    },
}

/// Version of a context's schema, in the database and in this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContextStatus {
    pub context: Context,
    /// Newest applied migration.
    pub applied: Option<i64>,
    /// Newest migration that this program knows.
    pub known: i64,
}

/// Refuses a schema that lacks migrations this program needs; a newer schema is fine. A service calls this at its start,
/// through its own pool or connection.
pub async fn check_schema<'e>(
    executor: impl PgExecutor<'e>,
    context: Context,
) -> Result<(), SchemaError> {
    let found = applied_version(executor, context)
        .await
        .map_err(|source| SchemaError::Unreadable { context, source })?;
    let needed = required_version(context);
    if found.unwrap_or(0) >= needed {
        Ok(())
    } else {
        Err(SchemaError::TooOld {
            context,
            found,
            needed,
        })
    }
}

/// Versions of all contexts, read as role `migrator`.
pub async fn status(migrator_url: &str) -> Result<Vec<ContextStatus>, Error> {
    let mut connection = PgConnection::connect(migrator_url)
        .await
        .map_err(Error::Connect)?;
    let mut found = Vec::with_capacity(Context::ALL.len());
    for context in Context::ALL {
        let role = owner_role(context);
        connection
            .execute(AssertSqlSafe(format!("SET ROLE {role}")))
            .await
            .map_err(|source| Error::SetRole { role, source })?;
        found.push(ContextStatus {
            context,
            applied: applied_version(&mut connection, context)
                .await
                .map_err(|source| Error::State { context, source })?,
            known: required_version(context),
        });
    }
    connection.close().await.ok();
    Ok(found)
}

async fn applied_version<'e>(
    executor: impl PgExecutor<'e>,
    context: Context,
) -> Result<Option<i64>, sqlx::Error> {
    let statement = format!(
        "SELECT max(version) FROM {} WHERE success",
        migrations_table(context)
    );
    match executor.fetch_one(AssertSqlSafe(statement)).await {
        Ok(row) => row.try_get(0),
        Err(error) if is_missing(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// `undefined_table` and `invalid_schema_name`: no migration was ever applied.
fn is_missing(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .and_then(DatabaseError::code)
        .is_some_and(|code| code == "42P01" || code == "3F000")
}
