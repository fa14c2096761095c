//! Word between processes by PostgreSQL's `LISTEN` and `NOTIFY`.

use sqlx::{
    PgPool,
    postgres::{PgListener, PgNotification},
};

/// Channels belong to the database, not to a role: what is said in one, any role can hear and say.
const CHANNEL: &str = "messaging";

/// Tells whoever listens: at most 8,000 bytes.
pub async fn tell(pool: &PgPool, text: &str) -> sqlx::Result<()> {
    sqlx::query!("SELECT pg_notify($1, $2)", CHANNEL, text)
        .execute(pool)
        .await?;
    Ok(())
}

/// A connection that listens.
pub async fn listen(pool: &PgPool) -> sqlx::Result<PgListener> {
    let mut listener = PgListener::connect_with(pool).await?;
    // Whoever listens has to know when something may have been missed.
    listener.eager_reconnect(false);
    listener.listen(CHANNEL).await?;
    Ok(listener)
}

/// What was said; `None` when the connection broke.
pub async fn hear(listener: &mut PgListener) -> sqlx::Result<Option<String>> {
    let heard = listener.try_recv().await?;
    Ok(heard
        .as_ref()
        .map(PgNotification::payload)
        .map(str::to_owned))
}
