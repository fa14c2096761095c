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

use std::{sync::Arc, thread::available_parallelism};

use axum::Router;
use common::{
    auth::Verifier,
    client_address::TrustedProxies,
    clock::SystemClock,
    config::Env,
    postgres::PostgresConfig,
    server::{self, Readiness},
    service::{self, StartError},
    shutdown::Shutdown,
};

use crate::app::{
    App, Avatars, HashingCost, Housekeeping, Outbox, Passwords,
    roles::{self, ChangedRole, RoleChange},
};

pub use config::{Config, DEFAULT_ADDRESS};

/// Serves until `shutdown`, sends the mails that become due meanwhile, and takes over keys that change.
pub async fn run(env: Env, shutdown: Shutdown) -> Result<(), StartError> {
    let clock = SystemClock::shared();
    let config = Config::from_env(&env, clock.clone())?;
    let pool = config.postgres.pool("users")?;
    migrations::check_schema(&pool, migrations::Context::Users)
        .await
        .map_err(|error| StartError::Other(error.to_string()))?;
    let listener = service::bind(config.listen_addr).await?;
    let cores = available_parallelism().map_or(1, usize::from);
    let passwords = Passwords::new(HashingCost::owasp(), cores)
        .map_err(|error| StartError::Other(error.to_string()))?;
    let avatars = Avatars::new(config.avatars, config.links.clone());
    let (signer, verifier) = (config.keys.signer.clone(), config.keys.verifier.clone());
    let app = App::new(pool, clock, passwords, avatars, signer)
        .require_verified_email(config.require_verified_email);

    let workers = shutdown.child_token();
    let outbox = Outbox::new(app.clone(), config.mailer, config.links);
    let outbox = tokio::spawn(outbox.run(workers.clone()));
    let housekeeping = tokio::spawn(Housekeeping::new(app.clone()).run(workers.clone()));
    let keys = tokio::spawn(config.keys.follow(workers.clone()));
    let served = server::serve(listener, routes(app, verifier, config.proxies), shutdown).await;
    // Also when serving failed.
    workers.cancel();
    for worker in [outbox, housekeeping, keys] {
        if let Err(error) = worker.await {
            tracing::error!(%error, "a worker ended badly");
        }
    }
    Ok(served?)
}

/// Gives a role to an account or takes it away, for an operator, at `DATABASE_URL`.
pub async fn change_role(
    env: &Env,
    change: RoleChange,
    username: &str,
    role: &str,
) -> Result<ChangedRole, StartError> {
    let pool = PostgresConfig::from_env(env)?.pool("users")?;
    migrations::check_schema(&pool, migrations::Context::Users)
        .await
        .map_err(|error| StartError::Other(error.to_string()))?;
    let changed = roles::change(&pool, change, username, role).await;
    changed.map_err(|error| StartError::Other(error.to_string()))
}

/// Everything the service answers.
pub fn routes(app: App, verifier: Verifier, proxies: TrustedProxies) -> Router {
    let asked = app.clone();
    let ready: Readiness = Arc::new(move || {
        let app = asked.clone();
        Box::pin(async move { app.is_ready().await })
    });
    let routes = graphql::routes(app.clone(), verifier.clone(), proxies.clone())
        .merge(rest::routes(app.clone(), verifier.clone(), proxies))
        .merge(well_known::routes(&verifier))
        .merge(internal::routes(app, verifier));
    server::with_basics(routes, ready)
}
