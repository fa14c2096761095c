//! The connection pool of a service.

use std::{str::FromStr, time::Duration};

use secrecy::{ExposeSecret, SecretString};
use sqlx::{
    Connection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::config::{ConfigError, Env, malformed};

/// A connection that was used so shortly ago is taken to be alive.
const TRUSTED_IDLE: Duration = Duration::from_secs(1);

/// Where a service's database is and how many connections it may hold.
#[derive(Clone, Debug)]
pub struct PostgresConfig {
    url: SecretString,
    max_connections: u32,
}

const URL_EXPECTS: &str =
    "a PostgreSQL URL such as postgres://role:password@127.0.0.1:5432/rookery";

impl PostgresConfig {
    /// `DATABASE_URL`, and `DATABASE_MAX_CONNECTIONS` (10 by default).
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let url = env.required("DATABASE_URL", URL_EXPECTS)?;
        PgConnectOptions::from_str(url)
            .map_err(|error| malformed("DATABASE_URL", URL_EXPECTS, error))?;
        let max_connections = env
            .parsed("DATABASE_MAX_CONNECTIONS", "a number of connections from 1")?
            .unwrap_or(10);
        if max_connections == 0 {
            return Err(malformed(
                "DATABASE_MAX_CONNECTIONS",
                "a number of connections from 1",
                "it is 0",
            ));
        }
        Ok(Self {
            url: url.into(),
            max_connections,
        })
    }

    /// A pool that opens connections when they are needed. Waiting for one is bounded (a full pool answers 503 and does
    /// not queue for ever), and so is a statement, so that one bad plan cannot hold a connection for long.
    pub fn pool(&self, application: &'static str) -> Result<PgPool, sqlx::Error> {
        let options = PgConnectOptions::from_str(self.url.expose_secret())?
            .application_name(application)
            .options([
                ("statement_timeout", "10s"),
                ("idle_in_transaction_session_timeout", "30s"),
            ]);
        Ok(PgPoolOptions::new()
            .max_connections(self.max_connections)
            .acquire_timeout(Duration::from_secs(3))
            // The pool asks a connection whether it lives when it comes back already. Asking again before each use would
            // cost as much as a short statement; only one that was idle for a while can have died meanwhile unnoticed.
            .test_before_acquire(false)
            .before_acquire(|connection, meta| {
                Box::pin(async move {
                    if meta.idle_for >= TRUSTED_IDLE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options))
    }
}

/// The name of the constraint that a statement violated, if it did. The database decides uniqueness; the application
/// maps its answer by name.
pub fn violated_constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|db| db.constraint())
}

/// Whether the database answers.
pub async fn is_ready(pool: &PgPool) -> bool {
    pool.acquire().await.is_ok()
}
