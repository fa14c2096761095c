//! What one would write instead: one process, one statement, no router, no second service.

mod feed;
mod writing;

use std::sync::Arc;

use axum::{
    Router,
    extract::FromRef,
    http::StatusCode,
    routing::{get, post},
};
use common::{
    auth::Verifier,
    clock::{SharedClock, SystemClock},
    config::Env,
    server::listen_addr,
    shutdown,
};
use sqlx::{PgPool, postgres::PgPoolOptions};

use crate::failure::Result;

/// As many as users and posts have together.
const CONNECTIONS: u32 = 20;

/// What its handlers need.
#[derive(Clone, FromRef)]
pub struct Opponent {
    pool: PgPool,
    verifier: Verifier,
    clock: SharedClock,
}

/// Serves until SIGTERM. `LISTEN_ADDR`, `DATABASE_URL` (a role that may read both schemas) and `JWT_PUBLIC_KEY_FILE`.
pub async fn run() -> Result<()> {
    let env = Env::process();
    let clock = SystemClock::shared();
    let verifier = Verifier::from_env(&env, clock.clone())?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .connect(env.required("DATABASE_URL", "a PostgreSQL URL")?)
        .await?;
    let opponent = Opponent {
        pool,
        verifier,
        clock,
    };
    writing::prepare(&opponent.pool).await?;
    let listener =
        tokio::net::TcpListener::bind(listen_addr(&env, ([127, 0, 0, 1], 4_100).into())?).await?;
    let stop = Arc::new(shutdown::on_signal()?);
    axum::serve(listener, routes(opponent))
        .with_graceful_shutdown(async move { stop.cancelled().await })
        .await?;
    Ok(())
}

fn routes(opponent: Opponent) -> Router {
    Router::new()
        .route("/feed", get(feed::read))
        .route("/posts", post(writing::create))
        .route("/ready", get(|| async { StatusCode::OK }))
        .with_state(opponent)
}
