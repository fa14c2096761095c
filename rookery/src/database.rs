//! The database: an embedded one, or what the environment gives.

use common::config::Env;
use contexts::{Context, PerContext};
use embedded_postgres::{Cluster, Search, Storage};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, Executor, PgConnection};
use url::Url;

use crate::{error::Error, folder::DataFolder};

/// The database of an embedded cluster. The superuser's own database stays closed to the services.
const DATABASE: &str = "rookery";

/// The connection strings of the services. An embedded cluster runs as long as this value lives.
pub struct Database {
    pub service_urls: PerContext<SecretString>,
    cluster: Option<Cluster>,
    /// What the launcher prints about it.
    pub description: String,
}

impl Database {
    /// Prepares the database.
    ///
    /// The variables of the services (`USERS_DATABASE_URL`, …) are used as they are, and `MIGRATION_DATABASE_URL`, if it is
    /// set, migrates their database. `DATABASE_URL` alone is the URL of an administrator, in whose database the launcher
    /// creates roles and schemas. Without any of them it starts a private cluster.
    pub async fn prepare(env: &Env, folder: &DataFolder) -> Result<Self, Error> {
        let is_set = |context: Context| env.optional(context.database_url_variable()).is_some();
        if Context::ALL.into_iter().any(is_set) {
            return Self::external(env).await;
        }
        if let Some(url) = env.optional("DATABASE_URL") {
            let admin: Url = url.parse().map_err(|error| {
                common::config::malformed(
                    "DATABASE_URL",
                    "the URL of a PostgreSQL administrator",
                    error,
                )
            })?;
            let description = format!(
                "PostgreSQL at {}:{} (DATABASE_URL)",
                admin.host_str().unwrap_or("localhost"),
                admin.port().unwrap_or(5432)
            );
            return Self::within(&admin, None, description).await;
        }
        let postgres = folder.postgres();
        let cluster = tokio::task::spawn_blocking(move || {
            Cluster::start(&Storage::Durable(postgres), &Search::from_env()?)
        })
        .await
        .map_err(std::io::Error::other)??;
        migrations::create_database(&cluster.url("postgres"), DATABASE).await?;
        let admin = cluster
            .url(DATABASE)
            .parse()
            .map_err(std::io::Error::other)?;
        let description = format!(
            "PostgreSQL in {}, port {}",
            folder.postgres().display(),
            cluster.port()
        );
        Self::within(&admin, Some(cluster), description).await
    }

    async fn external(env: &Env) -> Result<Self, Error> {
        const EXPECTS: &str = "the URL of this service's own role, as for the other services";
        let url = |context: Context| env.required(context.database_url_variable(), EXPECTS);
        let database = Self {
            service_urls: PerContext::try_new(|context| url(context).map(Into::into))?,
            cluster: None,
            description: "PostgreSQL as given by the environment".to_owned(),
        };
        if let Some(migrator) = env.optional("MIGRATION_DATABASE_URL") {
            migrations::migrate(migrator).await?;
        }
        Ok(database)
    }

    async fn within(
        admin: &Url,
        cluster: Option<Cluster>,
        description: String,
    ) -> Result<Self, Error> {
        Ok(Self {
            service_urls: migrations::set_up(admin).await?,
            cluster,
            description,
        })
    }

    /// Marks the addresses of the demo accounts as verified: they have no mailbox to open a link from.
    pub async fn confirm_demo_addresses(&self) -> Result<(), sqlx::Error> {
        const CONFIRM: &str = "UPDATE users.users SET email_verified_at = created_at \
             WHERE lower(email) IN ('ada@example.com', 'grace@example.com', 'linus@example.com') \
             AND email_verified_at IS NULL";
        let users = self.service_urls.get(Context::Users);
        let mut connection = PgConnection::connect(users.expose_secret()).await?;
        connection.execute(CONFIRM).await?;
        connection.close().await
    }

    /// Whether the embedded cluster still runs; true for an external database.
    pub fn is_running(&self) -> bool {
        self.cluster.as_ref().is_none_or(Cluster::is_running)
    }

    /// Stops an embedded cluster and waits for its end.
    pub async fn stop(self) -> Result<(), Error> {
        let Some(cluster) = self.cluster else {
            return Ok(());
        };
        tokio::task::spawn_blocking(move || cluster.stop())
            .await
            .map_err(std::io::Error::other)??;
        Ok(())
    }
}
