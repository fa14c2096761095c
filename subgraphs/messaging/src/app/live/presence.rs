//! Presence: a user with an open stream at any process is online. Each process stores its users under a lease, so that
//! the users of a killed process go offline when its lease ends.

use std::{collections::HashMap, time::Duration};

use common::{error::Fault, shutdown::Shutdown};
use sqlx::PgPool;
use tokio::time::{MissedTickBehavior, interval};
use uuid::Uuid;

use super::hub::Hub;
use crate::{app::App, db, domain::UserId};

/// How long users stay online after their process has died, in seconds.
const LEASE_SECONDS: f64 = 15.0;

const LEASE_RENEWAL_INTERVAL: Duration = Duration::from_secs(4);

impl App {
    /// Whether users are online, for the users whose presence the viewer may see: the viewer, and the other participants
    /// of conversations without a block.
    pub async fn online(
        &self,
        viewer: UserId,
        users: &[UserId],
    ) -> Result<HashMap<UserId, bool>, Fault> {
        let mut conn = self.pool.acquire().await?;
        let known = db::presence::online(&mut conn, viewer, users).await?;
        // A stream of this process may not be stored yet.
        let here = |user| self.live.hub.has(user);
        Ok(known
            .into_iter()
            .map(|(user, elsewhere)| (user, elsewhere || here(user)))
            .collect())
    }
}

/// Stores presence changes and renews the lease until `stopping`; then deletes the presence of this process.
pub(super) async fn maintain(pool: &PgPool, instance: Uuid, hub: &Hub, stopping: &Shutdown) {
    let mut ticks = interval(LEASE_RENEWAL_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let stored = tokio::select! {
            // The first tick comes at once: presence can be stored only under a lease.
            biased;
            () = stopping.cancelled() => break,
            _ = ticks.tick() => renew(pool, instance, hub).await,
            () = hub.presence_changed() => store_changes(pool, instance, hub).await,
        };
        if let Err(error) = stored {
            tracing::warn!(%error, "who is online could not be noted");
        }
    }
    if let Err(error) = delete_instance(pool, instance).await {
        tracing::warn!(%error, "people stay online until the lease of this process ends");
    }
}

async fn renew(pool: &PgPool, instance: Uuid, hub: &Hub) -> sqlx::Result<()> {
    let mut conn = pool.acquire().await?;
    if db::presence::renew(&mut conn, instance, LEASE_SECONDS).await? {
        // A new lease has no presence: this is the first renewal, or the database lost its unlogged tables.
        hub.restore_presence_changes(hub.users());
    }
    drop(conn);
    store_changes(pool, instance, hub).await?;
    let mut conn = pool.acquire().await?;
    db::presence::delete_expired_instances(&mut conn).await
}

async fn store_changes(pool: &PgPool, instance: Uuid, hub: &Hub) -> sqlx::Result<()> {
    let (came, went) = hub.take_presence_changes();
    let written = write(pool, instance, &came, &went).await;
    if written.is_err() {
        hub.restore_presence_changes(came.into_iter().chain(went));
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
        db::presence::insert(&mut conn, instance, came).await?;
    }
    if !went.is_empty() {
        db::presence::delete(&mut conn, instance, went).await?;
    }
    Ok(())
}

async fn delete_instance(pool: &PgPool, instance: Uuid) -> sqlx::Result<()> {
    let mut conn = pool.acquire().await?;
    db::presence::delete_instance(&mut conn, instance).await
}
