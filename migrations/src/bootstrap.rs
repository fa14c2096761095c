use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::{Context, Error, PasswordVerifier};

const ROLES: &str = include_str!("../bootstrap/1_roles.sql");
const SCHEMAS: &str = include_str!("../bootstrap/2_schemas.sql");
const LEAVE: &str = include_str!("../bootstrap/3_leave.sql");

/// Two bootstraps of one database at once would make the same schemas: one waits for the other.
const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtext('rookery.bootstrap'))";

/// Roles belong to the server, and no lock that an administrator can take is as wide: of two bootstraps of different
/// databases one fails, after waiting for the other, and is done again.
const ATTEMPTS: u32 = 5;

/// What the roles log in with.
#[derive(Clone)]
pub struct Passwords {
    pub migrator: PasswordVerifier,
    pub users: PasswordVerifier,
    pub posts: PasswordVerifier,
    pub messaging: PasswordVerifier,
}

impl Passwords {
    fn by_role(&self) -> [(&'static str, &PasswordVerifier); 4] {
        [
            ("migrator", &self.migrator),
            (Context::Users.service_role(), &self.users),
            (Context::Posts.service_role(), &self.posts),
            (Context::Messaging.service_role(), &self.messaging),
        ]
    }
}

/// Makes roles, schemas and grants in the database of `admin_url`, whose user is a superuser, or has CREATEROLE and owns
/// the database. Idempotent; passwords are set anew each time.
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
    // What was committed stays; a connection that does not say goodbye harms nobody.
    connection.close().await.ok();
    Ok(())
}

/// 'tuple concurrently updated', which has no SQLSTATE of its own, or a role that somebody else made first.
fn is_conflict(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.message().starts_with("tuple concurrently")
            || matches!(error.code().as_deref(), Some("23505" | "42710"))
    })
}

async fn prepare(connection: &mut PgConnection, passwords: &Passwords) -> Result<(), sqlx::Error> {
    let mut transaction = connection.begin().await?;
    transaction.execute(LOCK).await?;
    transaction.execute(ROLES).await?;
    for (role, verifier) in passwords.by_role() {
        // A verifier is base64 and `$` and `:`: nothing in it needs quoting.
        let statement = format!("ALTER ROLE {role} PASSWORD '{}'", verifier.as_str());
        transaction.execute(AssertSqlSafe(statement)).await?;
    }
    transaction.execute(SCHEMAS).await?;
    transaction.execute(LEAVE).await?;
    let database: String = transaction
        .fetch_one("SELECT current_database()::text")
        .await?
        .try_get(0)?;
    close_to_strangers(&mut transaction, &database).await?;
    transaction.commit().await
}

/// Lets only our roles connect to `database`. A part of [`bootstrap`]; on its own for a database made from a template,
/// which does not take over these rights.
pub async fn close_to_strangers(
    connection: &mut PgConnection,
    database: &str,
) -> Result<(), sqlx::Error> {
    let database = format!("\"{}\"", database.replace('"', "\"\""));
    let mut roles = vec!["migrator"];
    roles.extend(Context::ALL.map(Context::service_role));
    let statements = format!(
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC; GRANT CONNECT ON DATABASE {database} TO {}",
        roles.join(", ")
    );
    connection.execute(AssertSqlSafe(statements)).await?;
    Ok(())
}
