//! Mails to send, and the state of their delivery.

use common::Timestamp;
use sqlx::{PgConnection, Result, query, query_scalar};
use uuid::Uuid;

use crate::domain::{Email, MailKind, UserId};

/// A mail that a worker has claimed.
#[derive(Clone, Debug)]
pub struct Job {
    pub id: Uuid,
    /// As in [`MailKind::as_str`].
    pub kind: String,
    pub email: String,
    /// The number of attempts, this one included.
    pub attempts: i32,
    /// Whether a client requested the mail by address; otherwise registration caused it.
    pub requested: bool,
}

/// Inserts a mail to an account, due now.
pub async fn insert(
    conn: &mut PgConnection,
    id: Uuid,
    kind: MailKind,
    user: UserId,
    email: &Email,
    now: Timestamp,
) -> Result<()> {
    query!(
        "INSERT INTO users.outbox (id, kind, user_id, email, created_at, next_attempt_at)
         VALUES ($1, $2, $3, $4, $5, $5)",
        id,
        kind.as_str(),
        user.as_uuid(),
        email.as_str(),
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Inserts a mail that a client requested by address, due now; does nothing when the same mail is waiting already.
pub async fn insert_requested(
    conn: &mut PgConnection,
    id: Uuid,
    kind: MailKind,
    email: &Email,
    now: Timestamp,
) -> Result<()> {
    query!(
        "INSERT INTO users.outbox (id, kind, email, created_at, next_attempt_at)
         VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT DO NOTHING",
        id,
        kind.as_str(),
        email.as_str(),
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Claims due mails for one attempt. A claim is a lease: if the worker dies, the mail is due again after the back-off
/// of this attempt, `first_delay` seconds doubled with each attempt up to `longest_delay`.
pub async fn claim(
    conn: &mut PgConnection,
    now: Timestamp,
    limit: i64,
    first_delay: f64,
    longest_delay: f64,
) -> Result<Vec<Job>> {
    sqlx::query_as!(
        Job,
        r#"
        UPDATE users.outbox
        SET attempts = attempts + 1,
            next_attempt_at = $1::timestamptz + make_interval(secs => LEAST($3::float8 * 2 ^ LEAST(attempts, 30), $4))
        WHERE id IN (
            SELECT id FROM users.outbox
            WHERE sent_at IS NULL AND given_up_at IS NULL AND next_attempt_at <= $1
            ORDER BY next_attempt_at
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING id, kind, email, attempts, user_id IS NULL AS "requested!"
        "#,
        now,
        limit,
        first_delay,
        longest_delay,
    )
    .fetch_all(conn)
    .await
}

pub async fn mark_sent(conn: &mut PgConnection, id: Uuid, now: Timestamp) -> Result<()> {
    query!(
        "UPDATE users.outbox SET sent_at = $2, last_error = NULL WHERE id = $1",
        id,
        now
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Notes why an attempt failed; `given_up` ends the attempts.
pub async fn mark_failed(
    conn: &mut PgConnection,
    id: Uuid,
    error: &str,
    given_up: Option<Timestamp>,
) -> Result<()> {
    query!(
        "UPDATE users.outbox SET last_error = $2, given_up_at = $3 WHERE id = $1",
        id,
        error,
        given_up
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Deletes a mail that is not needed any more.
pub async fn delete(conn: &mut PgConnection, id: Uuid) -> Result<()> {
    query!("DELETE FROM users.outbox WHERE id = $1", id)
        .execute(conn)
        .await
        .map(drop)
}

/// Counts the mails of a kind that were sent to an address since a time.
pub async fn sent_since(
    conn: &mut PgConnection,
    email: &Email,
    kind: MailKind,
    since: Timestamp,
) -> Result<i64> {
    query_scalar!(
        r#"
        SELECT count(*) AS "count!" FROM users.outbox
        WHERE lower(email) = $1 AND kind = $2 AND sent_at > $3
        "#,
        email.folded(),
        kind.as_str(),
        since,
    )
    .fetch_one(conn)
    .await
}
