//! The messaging context: conversations between two people, their messages, and mentions in them.
//!
//! Layers: `graphql` → `app` → `db`, and `app` → `clients` through `app::ports`. `domain` is under all of them.

pub mod app;
pub mod clients;
mod config;
mod db;
pub mod domain;
pub mod graphql;
pub mod rest;
mod streams;

use std::sync::Arc;

use axum::Router;
use common::{
    auth::Verifier, clock::SystemClock, config::Env, service::StartError, shutdown::Shutdown,
};
use contexts::Context;
use kit::Service;

use app::{App, live::Live};
use clients::UsersService;

pub use app::ERROR_CODES;
pub use config::Config;

/// Runs the service until it is asked to stop.
pub async fn run(env: Env, shutdown: Shutdown) -> Result<(), StartError> {
    let clock = SystemClock::shared();
    let config = Config::from_env(&env, clock.clone())?;
    let mut service = Service::new(Context::Messaging, &config.service, &shutdown)?;
    let users = Arc::new(UsersService::new(config.users));
    let bus = config.events.bus(&service.pool()).await?;
    let (live, running) = Live::new(&service.pool(), &clock, bus, service.stopping());
    let app = App::new(service.pool(), clock, users, live);
    let keys = config.verifier.keys().clone();
    service.work(move |stopping| async move { keys.follow(stopping).await });
    service.work(|stopping| async move {
        // Live streams would wait for ever if this ended early, by a panic. The service stops with it.
        let _guard = stopping.drop_guard();
        running.await;
    });
    service.run(routes(app, config.verifier)).await
}

/// Everything the service answers over HTTP.
pub fn routes(app: App, verifier: Verifier) -> Router {
    let (keys, pool) = (verifier.keys().clone(), app.pool().clone());
    let routes = graphql::routes(app.clone(), verifier.clone())
        .merge(streams::routes(app.clone(), verifier.clone()))
        .merge(rest::routes(app, verifier));
    kit::with_basics(routes, &keys, &pool)
}
