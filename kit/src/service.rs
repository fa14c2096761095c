//! The life of a service: settings, start, work beside requests, stop.

use std::{net::SocketAddr, pin::Pin, process::ExitCode};

use axum::Router;
use common::{
    auth::Keyring,
    config::{ConfigError, Env},
    postgres::{self, PostgresConfig},
    server,
    service::{self, StartError, bind},
    shutdown::Shutdown,
};
use contexts::Context;
use sqlx::PgPool;
use tokio::task::JoinSet;

/// The settings of every service: `LISTEN_ADDR`, `DATABASE_URL` and `DATABASE_MAX_CONNECTIONS`.
#[derive(Clone, Debug)]
pub struct ServiceConfig {
    pub address: SocketAddr,
    pub database: PostgresConfig,
}

impl ServiceConfig {
    pub fn from_env(context: Context, env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            address: server::listen_addr(env, default_address(context))?,
            database: PostgresConfig::from_env(env)?,
        })
    }
}

fn default_address(context: Context) -> SocketAddr {
    ([127, 0, 0, 1], context.port()).into()
}

/// Runs the binary of a context's service.
pub fn main<F, Run>(context: Context, run: Run) -> ExitCode
where
    Run: FnOnce(Env, Shutdown) -> F,
    F: Future<Output = Result<(), StartError>>,
{
    service::main(context.name(), default_address(context), run)
}

/// Adds `/health`, `/ready` and what else every service answers. A service is ready when it has keys to verify tokens
/// with and its database answers; other services are not asked, because most requests can be answered without them.
pub fn with_basics(routes: Router, keys: &Keyring, pool: &PgPool) -> Router {
    let (keys, pool) = (keys.clone(), pool.clone());
    server::with_basics(routes, move || {
        let (keys, pool) = (keys.clone(), pool.clone());
        async move { keys.current().is_some() && postgres::is_ready(&pool).await }
    })
}

/// A service that is being put together. It starts with [`Service::run`].
pub struct Service {
    context: Context,
    address: SocketAddr,
    pool: PgPool,
    stopping: Shutdown,
    workers: Vec<Worker>,
}

type Worker = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Service {
    /// Opens no connection yet. `shutdown` asks the service to stop.
    pub fn new(
        context: Context,
        config: &ServiceConfig,
        shutdown: &Shutdown,
    ) -> Result<Self, StartError> {
        Ok(Self {
            context,
            address: config.address,
            pool: config.database.pool(context.name())?,
            stopping: shutdown.child_token(),
            workers: Vec::new(),
        })
    }

    pub fn pool(&self) -> PgPool {
        self.pool.clone()
    }

    /// Is cancelled when the service stops, for whatever reason. Cancelling it stops the service.
    pub fn stopping(&self) -> Shutdown {
        self.stopping.clone()
    }

    /// Adds work that runs beside requests until the service stops.
    pub fn work<F>(&mut self, worker: impl FnOnce(Shutdown) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.workers.push(Box::pin(worker(self.stopping())));
    }

    /// Serves until the service is asked to stop. The order is the same in all services: check the schema, bind, start the
    /// workers, serve, drain, wait for the workers, close the pool.
    pub async fn run(self, routes: Router) -> Result<(), StartError> {
        check_schema(&self.pool, self.context).await?;
        let listener = bind(self.address).await?;
        let mut workers: JoinSet<()> = self.workers.into_iter().collect();
        let served = server::serve(listener, routes, self.stopping.clone()).await;
        // The workers stop as well if serving failed.
        self.stopping.cancel();
        while let Some(ended) = workers.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker ended badly");
            }
        }
        self.pool.close().await;
        Ok(served?)
    }
}

/// Fails if the schema of the context is older than this program needs.
pub async fn check_schema(pool: &PgPool, context: Context) -> Result<(), StartError> {
    migrations::check_schema(pool, context)
        .await
        .map_err(|error| StartError::Other(error.to_string()))
}
