//! Deleting what has no use any more, some rows at a time, so that no statement holds locks for long. Replicas may do it
//! at once: they skip each other's rows.

use common::Timestamp;
use sqlx::{PgConnection, Result, query};

/// Sessions past their end, with their tokens. Returns how many.
pub async fn sessions(conn: &mut PgConnection, now: Timestamp, limit: i64) -> Result<u64> {
    query!(
        "DELETE FROM users.sessions WHERE id IN (
             SELECT id FROM users.sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        limit,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

/// Refresh tokens past their end; those of sessions that go on are among them.
pub async fn refresh_tokens(conn: &mut PgConnection, now: Timestamp, limit: i64) -> Result<u64> {
    query!(
        "DELETE FROM users.refresh_tokens WHERE token_hash IN (
             SELECT token_hash FROM users.refresh_tokens
             WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        limit,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

/// Counters of failed logins in which nothing counts any more.
pub async fn login_failures(conn: &mut PgConnection, now: Timestamp, limit: i64) -> Result<u64> {
    query!(
        "DELETE FROM users.login_failures WHERE key IN (
             SELECT key FROM users.login_failures
             WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        now,
        limit,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

/// Tokens of mails that ended before a time.
pub async fn one_time_tokens(
    conn: &mut PgConnection,
    before: Timestamp,
    limit: i64,
) -> Result<u64> {
    query!(
        "DELETE FROM users.one_time_tokens WHERE token_hash IN (
             SELECT token_hash FROM users.one_time_tokens
             WHERE expires_at < $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

/// Mails of before a time that were sent or given up.
pub async fn outbox(conn: &mut PgConnection, before: Timestamp, limit: i64) -> Result<u64> {
    query!(
        "DELETE FROM users.outbox WHERE id IN (
             SELECT id FROM users.outbox
             WHERE created_at < $1 AND (sent_at IS NOT NULL OR given_up_at IS NOT NULL)
             ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)",
        before,
        limit,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}
