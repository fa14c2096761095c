//! A periodic query that wakes streams for arrivals whose bus message was lost.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};

use super::hub::Hub;
use crate::{db, domain::UserId};

/// The longest delay of an event whose bus message was lost.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3);

/// Users in one statement.
const SWEEP_BATCH_SIZE: usize = 5_000;

pub(super) async fn run(pool: &PgPool, hub: &Hub) {
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = hub.stale() => {}
        }
        for people in hub.users().chunks(SWEEP_BATCH_SIZE) {
            match latest(pool, people).await {
                Ok(latest) => hub.wake_behind(&latest),
                Err(error) => tracing::warn!(%error, "cannot see what has arrived"),
            }
        }
    }
}

async fn latest(pool: &PgPool, people: &[UserId]) -> sqlx::Result<Vec<(UserId, i64)>> {
    let mut conn = pool.acquire().await?;
    db::inbox::last_seqs(&mut conn, people).await
}
