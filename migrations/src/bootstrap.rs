use contexts::{Context, PerContext};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::roles::{MIGRATOR, service_role};
use crate::{Error, PasswordVerifier};

const MIGRATOR_ROLE: &str = include_str!("../bootstrap/migrator.sql");
const CONTEXT_TEMPLATE: &str = include_str!("../bootstrap/context.sql");
const DATABASE: &str = include_str!("../bootstrap/database.sql");

/// Serializes the bootstraps of one database, which would otherwise create the same schemas at once.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('rookery.bootstrap'))";

/// Roles belong to the server, and an advisory lock covers one database only. Two bootstraps of different databases can
/// conflict: one waits for the other, fails and is repeated.
const ATTEMPTS: u32 = 5;

/// The passwords that the roles log in with.
#[derive(Clone)]
pub struct Passwords {
    pub migrator: PasswordVerifier,
    pub services: PerContext<PasswordVerifier>,
}

impl Passwords {
    fn by_role(&self) -> Vec<(String, &PasswordVerifier)> {
        let mut passwords = vec![(MIGRATOR.to_owned(), &self.migrator)];
        let services = self.services.iter();
        passwords.extend(services.map(|(context, password)| (service_role(context), password)));
        passwords
    }
}

/// Creates roles, schemas and grants in the database of `admin_url`, whose user is a superuser, or has CREATEROLE and owns
/// the database. Idempotent, but for the passwords, which are set at every call.
pub async fn bootstrap(admin_url: &str, passwords: &Passwords) -> Result<(), Error> {
    let mut connection = PgConnection::connect(admin_url)
        .await
        .map_err(Error::Connect)?;
    let mut attempt = 1;
    while let Err(error) = prepare(&mut connection, passwords).await {
        if attempt == ATTEMPTS || !is_conflict(&error) {
            return Err(Error::Bootstrap(error));
        }
        attempt += 1;
    }
    // The transaction is committed, so a failure to close the connection loses nothing.
    connection.close().await.ok();
    Ok(())
}

/// 'tuple concurrently updated', which has no SQLSTATE of its own, or a role that a concurrent bootstrap created first.
fn is_conflict(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.message().starts_with("tuple concurrently")
            || matches!(error.code().as_deref(), Some("23505" | "42710"))
    })
}

async fn prepare(connection: &mut PgConnection, passwords: &Passwords) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    transaction.execute(LOCK).await?;
    transaction.execute(MIGRATOR_ROLE).await?;
    for context in Context::ALL {
        let statements = CONTEXT_TEMPLATE.replace("CONTEXT", context.name());
        transaction.execute(AssertSqlSafe(statements)).await?;
    }
    for (role, verifier) in passwords.by_role() {
        // A verifier consists of base64, `$` and `:`, so it needs no quoting.
        let statement = format!("ALTER ROLE {role} PASSWORD '{}'", verifier.as_str());
        transaction.execute(AssertSqlSafe(statement)).await?;
    }
    transaction.execute(DATABASE).await?;
    let database: String = transaction
        .fetch_one("SELECT current_database()::text")
        .await?
        .try_get(0)?;
    close_to_strangers(&mut transaction, &database).await?;
    transaction.commit().await
}

/// Lets only our roles connect to `database`. A part of [`bootstrap`], and also for a database created from a template:
/// PostgreSQL does not copy these rights.
pub async fn close_to_strangers(
    connection: &mut PgConnection,
    database: &str,
) -> Result<(), sqlx::Error> {
    let database = format!("\"{}\"", database.replace('"', "\"\""));
    let services = Context::ALL.map(service_role).join(", ");
    let statements = format!(
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC; GRANT CONNECT ON DATABASE {database} TO {MIGRATOR}, {services}"
    );
    connection.execute(AssertSqlSafe(statements)).await?;
    Ok(())
}
