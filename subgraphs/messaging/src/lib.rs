//! The messaging context: conversations between two people, their messages, and mentions in them.
//!
//! Layers: `graphql` → `app` → `db`, and `app` → `clients` through `app::ports`. `domain` is under all of them.

pub mod app;
pub mod clients;
pub mod config;
mod db;
pub mod domain;
pub mod graphql;
pub mod rest;
mod streams;

use std::sync::Arc;

use axum::Router;
use common::{
    auth::Verifier,
    clock::SystemClock,
    config::Env,
    server,
    service::{self, StartError},
    shutdown::Shutdown,
};

use app::{App, live::Live};
use clients::UsersService;
use config::Config;

/// Runs the service until it is asked to stop.
pub async fn run(env: Env, shutdown: Shutdown) -> Result<(), StartError> {
    let clock = SystemClock::shared();
    let config = Config::from_env(&env, clock.clone())?;
    let pool = config.postgres.pool("messaging")?;
    migrations::check_schema(&pool, migrations::Context::Messaging)
        .await
        .map_err(|refusal| StartError::Other(refusal.to_string()))?;
    let users = Arc::new(UsersService::new(config.users));
    let keys = config.verifier.keys().clone();
    tokio::spawn(keys.follow(shutdown.clone()));
    let bus = config.events.bus(&pool).await?;
    let (live, running) = Live::new(&pool, &clock, bus, shutdown.clone());
    // Should it end before its time, by a panic, nobody would be woken any more: the process stops with it.
    let guard = shutdown.clone().drop_guard();
    let running = tokio::spawn(async move {
        let _guard = guard;
        running.await;
    });
    let app = App::new(pool.clone(), clock, users, live);
    let listener = service::bind(config.address).await?;
    server::serve(listener, routes(app, config.verifier), shutdown).await?;
    // A panic there has been logged.
    let _ = running.await;
    pool.close().await;
    Ok(())
}

/// Everything the service answers, as tests call it in process.
pub fn routes(app: App, verifier: Verifier) -> Router {
    let (ready, keys) = (app.clone(), verifier.keys().clone());
    server::with_basics(
        graphql::routes(app.clone(), verifier.clone())
            .merge(streams::routes(app.clone(), verifier.clone()))
            .merge(rest::routes(app, verifier)),
        Arc::new(move || {
            let (app, keys) = (ready.clone(), keys.clone());
            Box::pin(async move { keys.current().is_some() && app.is_ready().await })
        }),
    )
}
