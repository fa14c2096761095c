//! A throwaway PostgreSQL with roles and migrations in place.

use embedded_postgres::{Cluster, Search, Storage};
use migrations::{PasswordVerifier, Passwords};
use secrecy::SecretString;
use tokio::runtime::{Builder, Runtime};

use registry::failure::{Failure, Result};

/// The cluster listens on 127.0.0.1, holds no data, and is gone when the command ends.
const PASSWORD: &str = "describes-queries";
const DATABASE: &str = "rookery";

pub struct Database {
    cluster: Cluster,
}

impl Database {
    /// Starts a cluster in memory, bootstraps and migrates it.
    pub fn start() -> Result<Self> {
        let search = Search::from_env().map_err(failed)?;
        let cluster = Cluster::start(&Storage::Ephemeral, &search).map_err(failed)?;
        let database = Self { cluster };
        let runtime: Runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let password = PasswordVerifier::of(&SecretString::from(PASSWORD)).map_err(failed)?;
        let passwords = Passwords {
            migrator: password.clone(),
            users: password.clone(),
            posts: password.clone(),
            messaging: password,
        };
        runtime.block_on(async {
            migrations::create_database(&database.cluster.url("postgres"), DATABASE)
                .await
                .map_err(failed)?;
            migrations::bootstrap(&database.cluster.url(DATABASE), &passwords)
                .await
                .map_err(failed)?;
            migrations::migrate(&database.url_of_role("migrator"))
                .await
                .map_err(failed)
        })?;
        Ok(database)
    }

    /// The URL of a context's own role: a query on another context's tables does not even compile.
    pub fn url(&self, context: &str) -> String {
        self.url_of_role(&format!("{context}_svc"))
    }

    pub fn stop(self) -> Result<()> {
        self.cluster.stop().map_err(failed)
    }

    fn url_of_role(&self, role: &str) -> String {
        format!(
            "postgres://{role}:{PASSWORD}@127.0.0.1:{}/{DATABASE}",
            self.cluster.port()
        )
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("no database to describe the queries: {error}"))
}
