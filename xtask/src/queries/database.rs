//! A throwaway PostgreSQL with roles and migrations in place.

use embedded_postgres::{Cluster, Search, Storage};
use migrations::{Context, PerContext};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::{Builder, Runtime};

use registry::failure::{Failure, Result};

/// The cluster listens on 127.0.0.1, holds no data, and ends with the command.
const DATABASE: &str = "rookery";

pub struct Database {
    cluster: Cluster,
    urls: PerContext<SecretString>,
}

impl Database {
    /// Starts a cluster in memory and sets up its database.
    pub fn start() -> Result<Self> {
        let search = Search::from_env().map_err(failed)?;
        let cluster = Cluster::start(&Storage::Ephemeral, &search).map_err(failed)?;
        let admin = cluster.url(DATABASE).parse().map_err(failed)?;
        let runtime: Runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let urls = runtime.block_on(async {
            migrations::create_database(&cluster.url("postgres"), DATABASE)
                .await
                .map_err(failed)?;
            migrations::set_up(&admin).await.map_err(failed)
        })?;
        Ok(Self { cluster, urls })
    }

    /// The URL of a context's own role, so that a query on a table of another context does not compile.
    pub fn url(&self, context: Context) -> &str {
        self.urls.get(context).expose_secret()
    }

    pub fn stop(self) -> Result<()> {
        self.cluster.stop().map_err(failed)
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("no database to describe the queries: {error}"))
}
