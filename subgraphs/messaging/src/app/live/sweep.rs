//! A look at the database every few seconds, for what no word has come of.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};

use super::hub::Hub;
use crate::{db, domain::UserId};

/// How long a stream may sleep when word of a message was lost.
const EVERY: Duration = Duration::from_secs(3);

/// People in one statement.
const TOGETHER: usize = 5_000;

pub(super) async fn now_and_then(pool: &PgPool, hub: &Hub) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = hub.doubted() => {}
        }
        for people in hub.people().chunks(TOGETHER) {
            match latest(pool, people).await {
                Ok(latest) => hub.wake_behind(&latest),
                Err(error) => tracing::warn!(%error, "cannot see what has arrived"),
            }
        }
    }
}

async fn latest(pool: &PgPool, people: &[UserId]) -> sqlx::Result<Vec<(UserId, i64)>> {
    let mut conn = pool.acquire().await?;
    db::inbox::last_of_all(&mut conn, people).await
}
