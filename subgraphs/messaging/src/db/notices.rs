//! Messages between processes by PostgreSQL's `LISTEN` and `NOTIFY`.

use sqlx::{
    PgPool,
    postgres::{PgListener, PgNotification},
};

/// Channels belong to the database, not to a role: any role can send and receive on this one.
const CHANNEL: &str = "messaging";

/// Publishes at most 8,000 bytes to all listeners.
pub async fn publish(pool: &PgPool, text: &str) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, text)
        .execute(pool)
        .await?;
    Ok(())
}

/// Opens a connection that listens.
pub async fn subscribe(pool: &PgPool) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    // The caller must learn of a broken connection, because messages may have been missed.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// Waits for the next message; `None` when the connection broke.
pub async fn receive(listener: &mut PgListener) -> sqlx::Result<Option<String>> {
    let notification = listener.try_recv().await?;
    Ok(notification
        .as_ref()
        .map(PgNotification::payload)
        .map(str::to_owned))
}
