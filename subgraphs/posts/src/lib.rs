//! The posts context: posts, likes and the timeline.
//!
//! A timeline request reads in one direction: `graphql/query.rs`, `app/timeline.rs`, `db/timeline.rs`, and the migration
//! that has the indexes.

pub mod app;
pub mod clients;
mod config;
mod db;
pub mod domain;
pub mod graphql;
pub mod rest;

use std::sync::Arc;

use axum::Router;
use common::{
    auth::Verifier,
    clock::SystemClock,
    config::Env,
    server::{serve, with_basics},
    service::{StartError, bind},
    shutdown::Shutdown,
};

use app::{App, Finds};
use clients::UsersService;

pub use config::{Config, DEFAULT_ADDRESS};

/// Runs the service until it is asked to stop.
pub async fn run(env: Env, shutdown: Shutdown) -> Result<(), StartError> {
    run_finding(Finds::Planned, env, shutdown).await
}

/// As [`run`], with timelines found in another way.
pub async fn run_finding(finds: Finds, env: Env, shutdown: Shutdown) -> Result<(), StartError> {
    let clock = SystemClock::shared();
    let config = Config::from_env(&env, clock.clone())?;
    let pool = config.database.pool("posts")?;
    // Before the pool opens its first connection: the application says how they plan.
    let users = Arc::new(UsersService::new(config.users));
    let keys = config.verifier.keys().clone();
    tokio::spawn(keys.follow(shutdown.clone()));
    let app = App::new(pool.clone(), clock, users.clone(), users)
        .with_index(config.index_bytes)
        .finding(finds);
    migrations::check_schema(&pool, migrations::Context::Posts)
        .await
        .map_err(|error| StartError::Other(error.to_string()))?;
    let listener = bind(config.address).await?;
    tokio::spawn(app.clone().keep_index(shutdown.clone()));
    tokio::spawn(app.clone().clean_changes(shutdown.clone()));
    serve(listener, routes(app, config.verifier), shutdown).await?;
    Ok(())
}

/// Everything the service answers over HTTP.
pub fn routes(app: App, verifier: Verifier) -> Router {
    let (ready, keys) = (app.clone(), verifier.keys().clone());
    let metrics = common::metrics::routes(app.metrics());
    with_basics(
        graphql::routes(app.clone(), verifier.clone())
            .merge(rest::routes(app, verifier))
            .merge(metrics),
        Arc::new(move || {
            let (app, keys) = (ready.clone(), keys.clone());
            Box::pin(async move { keys.current().is_some() && app.is_ready().await })
        }),
    )
}
