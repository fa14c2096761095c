//! The posts context: posts, likes and the timeline.
//!
//! A timeline request reads in one direction: `graphql/query.rs`, `app/timeline.rs`, `app/index/`, `db/changes.rs`, and the
//! migrations with the tables and their indexes. Without an index in memory, `app/plan.rs` and `db/timeline.rs` take the
//! place of `app/index/` and `db/changes.rs`.

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
    auth::Verifier, clock::SystemClock, config::Env, service::StartError, shutdown::Shutdown,
};
use contexts::Context;
use kit::Service;

use app::App;
use clients::UsersService;

pub use app::ERROR_CODES;
pub use config::Config;

/// Runs the service until it is asked to stop.
pub async fn run(env: Env, shutdown: Shutdown) -> Result<(), StartError> {
    let clock = SystemClock::shared();
    let config = Config::from_env(&env, clock.clone())?;
    let mut service = Service::new(Context::Posts, &config.service, &shutdown)?;
    let users = Arc::new(UsersService::new(config.users));
    // Before the pool opens its first connection: the application says how they plan.
    let app = App::new(service.pool(), clock, users.clone(), users).with_index(config.index_bytes);
    let keys = config.verifier.keys().clone();
    service.work(move |stopping| async move { keys.follow(stopping).await });
    service.work(|stopping| app.clone().maintain_index(stopping));
    service.work(|stopping| app.clone().clean_changes(stopping));
    service.run(routes(app, config.verifier)).await
}

/// Everything the service answers over HTTP.
pub fn routes(app: App, verifier: Verifier) -> Router {
    let (keys, pool) = (verifier.keys().clone(), app.pool().clone());
    let routes = common::metrics::routes(app.metrics())
        .merge(graphql::routes(app.clone(), verifier.clone()))
        .merge(rest::routes(app, verifier));
    kit::with_basics(routes, &keys, &pool)
}
