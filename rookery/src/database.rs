//! The database: an embedded one, or what the environment gives.

use common::config::{ConfigError, Env};
use embedded_postgres::{Cluster, Search, Storage};
use migrations::{Context, PasswordVerifier, Passwords};
use rand::{Rng, distr::Alphanumeric};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, Executor, PgConnection};
use url::Url;

use crate::{error::Error, folder::DataFolder};

/// The database of an embedded cluster. The superuser's own database stays closed to the services.
const DATABASE: &str = "rookery";

/// Where the services find their database. An embedded cluster runs as long as this value lives.
pub struct Database {
    pub users: SecretString,
    pub posts: SecretString,
    pub messaging: SecretString,
    cluster: Option<Cluster>,
    /// What it is, for people.
    pub description: String,
}

impl Database {
    /// Makes the database ready: started when it is ours, roles and schemas up to date.
    ///
    /// `USERS_DATABASE_URL`, `POSTS_DATABASE_URL` and `MESSAGING_DATABASE_URL` are used as they are, migrated when
    /// `MIGRATION_DATABASE_URL` is there. `DATABASE_URL` alone is an administrator's, in whose database roles and schemas
    /// are made. Without any of them a private cluster is started.
    pub async fn prepare(env: &Env, folder: &DataFolder) -> Result<Self, Error> {
        const URLS: [&str; 3] = [
            "USERS_DATABASE_URL",
            "POSTS_DATABASE_URL",
            "MESSAGING_DATABASE_URL",
        ];
        if URLS.iter().any(|name| env.optional(name).is_some()) {
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
        const EXPECTS: &str = "the URL of this service's own role, as for the other two services";
        let url =
            |name| -> Result<SecretString, ConfigError> { Ok(env.required(name, EXPECTS)?.into()) };
        let database = Self {
            users: url("USERS_DATABASE_URL")?,
            posts: url("POSTS_DATABASE_URL")?,
            messaging: url("MESSAGING_DATABASE_URL")?,
            cluster: None,
            description: "PostgreSQL as given by the environment".to_owned(),
        };
        if let Some(migrator) = env.optional("MIGRATION_DATABASE_URL") {
            migrations::migrate(migrator).await?;
        }
        Ok(database)
    }

    /// Makes roles, with new passwords, and schemas in an administrator's database.
    async fn within(
        admin: &Url,
        cluster: Option<Cluster>,
        description: String,
    ) -> Result<Self, Error> {
        let (migrator, users, posts, messaging) = (
            new_password(),
            new_password(),
            new_password(),
            new_password(),
        );
        let verifier =
            |password: &SecretString| PasswordVerifier::of(password).map_err(std::io::Error::other);
        let passwords = Passwords {
            migrator: verifier(&migrator)?,
            users: verifier(&users)?,
            posts: verifier(&posts)?,
            messaging: verifier(&messaging)?,
        };
        migrations::bootstrap(admin.as_str(), &passwords).await?;
        let url_as = |role: &str, password: &SecretString| -> SecretString {
            let mut url = admin.clone();
            // Neither fails for a URL with a host, which the administrator's has: it was just used.
            let _ = url.set_username(role);
            let _ = url.set_password(Some(password.expose_secret()));
            String::from(url).into()
        };
        migrations::migrate(url_as("migrator", &migrator).expose_secret()).await?;
        Ok(Self {
            users: url_as(Context::Users.service_role(), &users),
            posts: url_as(Context::Posts.service_role(), &posts),
            messaging: url_as(Context::Messaging.service_role(), &messaging),
            cluster,
            description,
        })
    }

    /// The demo's addresses belong to nobody, who could follow a link in a mail: they count as verified.
    pub async fn confirm_demo_addresses(&self) -> Result<(), sqlx::Error> {
        const CONFIRM: &str = "UPDATE users.users SET email_verified_at = created_at \
             WHERE lower(email) IN ('ada@example.com', 'grace@example.com', 'linus@example.com') \
             AND email_verified_at IS NULL";
        let mut connection = PgConnection::connect(self.users.expose_secret()).await?;
        connection.execute(CONFIRM).await?;
        connection.close().await
    }

    /// Whether it still runs, as far as that is ours to know.
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

/// Made anew at every start: nothing has to be stored, and an old one is worth nothing.
fn new_password() -> SecretString {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(32)
        .map(char::from)
        .collect::<String>()
        .into()
}
