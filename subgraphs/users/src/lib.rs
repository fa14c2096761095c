//! The users context: accounts, sessions, profiles and the follow graph.

pub mod app;
pub mod clients;
mod config;
mod db;
pub mod domain;
pub mod graphql;
mod internal;
pub mod rest;
mod well_known;

use std::thread::available_parallelism;

use axum::Router;
use common::{
    auth::Verifier, client_address::TrustedProxies, clock::SystemClock, config::Env,
    postgres::PostgresConfig, service::StartError, shutdown::Shutdown,
};
use contexts::Context;
use kit::Service;

use crate::app::{
    App, Avatars, HashingCost, Housekeeping, Outbox, Passwords,
    roles::{self, ChangedRole, RoleChange},
};

pub use app::ERROR_CODES;
pub use config::Config;

/// Runs the service until it is asked to stop.
pub async fn run(env: Env, shutdown: Shutdown) -> Result<(), StartError> {
    let clock = SystemClock::shared();
    let config = Config::from_env(&env, clock.clone())?;
    let mut service = Service::new(Context::Users, &config.service, &shutdown)?;
    let cores = available_parallelism().map_or(1, usize::from);
    let passwords = Passwords::new(HashingCost::owasp(), cores)
        .map_err(|error| StartError::Other(error.to_string()))?;
    let avatars = Avatars::new(config.avatars, config.links.clone());
    let (signer, verifier) = (config.keys.signer.clone(), config.keys.verifier.clone());
    let app = App::new(service.pool(), clock, passwords, avatars, signer)
        .require_verified_email(config.require_verified_email);
    let outbox = Outbox::new(app.clone(), config.mailer, config.links);
    service.work(|stopping| outbox.run(stopping));
    service.work(|stopping| Housekeeping::new(app.clone()).run(stopping));
    service.work(|stopping| config.keys.follow(stopping));
    service.run(routes(app, verifier, config.proxies)).await
}

/// Gives a role to an account or takes it away, for an operator, at `DATABASE_URL`.
pub async fn change_role(
    env: &Env,
    change: RoleChange,
    username: &str,
    role: &str,
) -> Result<ChangedRole, StartError> {
    let pool = PostgresConfig::from_env(env)?.pool("users")?;
    kit::check_schema(&pool, Context::Users).await?;
    let changed = roles::change(&pool, change, username, role).await;
    changed.map_err(|error| StartError::Other(error.to_string()))
}

/// Everything the service answers over HTTP.
pub fn routes(app: App, verifier: Verifier, proxies: TrustedProxies) -> Router {
    let (keys, pool) = (verifier.keys().clone(), app.pool().clone());
    let routes = graphql::routes(app.clone(), verifier.clone(), proxies.clone())
        .merge(rest::routes(app.clone(), verifier.clone(), proxies))
        .merge(well_known::routes(&verifier))
        .merge(internal::routes(app, verifier));
    kit::with_basics(routes, &keys, &pool)
}
