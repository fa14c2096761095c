//! Who is online: whoever has a stream open anywhere. Each process notes its own people under a lease, so that those of a
//! process that was killed are gone when its lease ends.

use std::{collections::HashMap, time::Duration};

use common::{error::Fault, shutdown::Shutdown};
use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::hub::Hub;
use crate::{app::App, db, domain::UserId};

/// How long people stay online after their process has died, in seconds.
const LEASE: f64 = 15.0;

const RENEWED_EVERY: Duration = Duration::from_secs(4);

impl App {
    /// Whether people are online; those of whom the viewer may not know it are left out: everybody but oneself and whom one
    /// has a conversation with that no block ended.
    pub async fn online(
        &self,
        viewer: UserId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, bool>, Fault> {
        let mut conn = self.pool.acquire().await?;
        let known = db::presence::online(&mut conn, viewer, users).await?;
        // What is true here may not be written down yet.
        let here = |user| self.live.hub.has(user);
        Ok(known
            .into_iter()
            .map(|(user, elsewhere)| (user, elsewhere || here(user)))
            .collect())
    }
}

/// Notes who comes and goes, and renews the lease, until `stopping`; then notes that all are gone.
pub(super) async fn keep(pool: &PgPool, instance: Uuid, hub: &Hub, stopping: &Shutdown) {
    let mut ticks = interval(RENEWED_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let noted = tokio::select! {
            // The first tick comes at once: nobody can be noted before there is a lease.
            biased;
            () = stopping.cancelled() => break,
            _ = ticks.tick() => renew(pool, instance, hub).await,
            () = hub.moved() => note(pool, instance, hub).await,
        };
        if let Err(error) = noted {
            tracing::warn!(%error, "who is online could not be noted");
        }
    }
    if let Err(error) = end(pool, instance).await {
        tracing::warn!(%error, "people stay online until the lease of this process ends");
    }
}

async fn renew(pool: &PgPool, instance: Uuid, hub: &Hub) -> sqlx::Result<()> {
    let mut conn = pool.acquire().await?;
    if db::presence::renew(&mut conn, instance, LEASE).await? {
        // The first time, or the database forgot.
        hub.keep_movements(hub.people());
    }
    drop(conn);
    note(pool, instance, hub).await?;
    let mut conn = pool.acquire().await?;
    db::presence::clean(&mut conn).await
}

async fn note(pool: &PgPool, instance: Uuid, hub: &Hub) -> sqlx::Result<()> {
    let (came, went) = hub.movements();
    let written = write(pool, instance, &came, &went).await;
    if written.is_err() {
        hub.keep_movements(came.into_iter().chain(went));
    }
    written
}

async fn write(
    pool: &PgPool,
    instance: Uuid,
    came: &[UserId],
    went: &[UserId],
) -> sqlx::Result<()> {
    if came.is_empty() && went.is_empty() {
        return Ok(());
    }
    let mut conn = pool.acquire().await?;
    if !came.is_empty() {
        db::presence::come(&mut conn, instance, came).await?;
    }
    if !went.is_empty() {
        db::presence::go(&mut conn, instance, went).await?;
    }
    Ok(())
}

async fn end(pool: &PgPool, instance: Uuid) -> sqlx::Result<()> {
    let mut conn = pool.acquire().await?;
    db::presence::end(&mut conn, instance).await
}
