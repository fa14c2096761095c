//! One-time tokens in mails.

use common::Timestamp;
use sqlx::{PgConnection, Result, query};

use crate::domain::{MailKind, TokenHash, UserId};

pub async fn insert(
    conn: &mut PgConnection,
    hash: &TokenHash,
    user: UserId,
    purpose: MailKind,
    now: Timestamp,
) -> Result<()> {
    query!(
        "INSERT INTO users.one_time_tokens (token_hash, user_id, purpose, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        hash.as_bytes(),
        user.as_uuid(),
        purpose.as_str(),
        now,
        now.plus_seconds(purpose.token_seconds()),
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The owner of a token and whether it is still valid; `None` when the token is unknown.
pub async fn find(
    conn: &mut PgConnection,
    hash: &TokenHash,
    purpose: MailKind,
    now: Timestamp,
) -> Result<Option<(UserId, bool)>> {
    let row = query!(
        r#"
        SELECT user_id, consumed_at IS NULL AND expires_at > $3 AS "good!"
        FROM users.one_time_tokens
        WHERE token_hash = $1 AND purpose = $2
        "#,
        hash.as_bytes(),
        purpose.as_str(),
        now,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.user_id, row.good)))
}

/// Consumes a valid token. Of several concurrent calls for one token, one gets `true`.
pub async fn consume(conn: &mut PgConnection, hash: &TokenHash, now: Timestamp) -> Result<bool> {
    query!(
        "UPDATE users.one_time_tokens SET consumed_at = $2
         WHERE token_hash = $1 AND consumed_at IS NULL AND expires_at > $2",
        hash.as_bytes(),
        now,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Consumes all tokens of a user for one purpose.
pub async fn consume_all(
    conn: &mut PgConnection,
    user: UserId,
    purpose: MailKind,
    now: Timestamp,
) -> Result<()> {
    query!(
        "UPDATE users.one_time_tokens SET consumed_at = $3
         WHERE user_id = $1 AND purpose = $2 AND consumed_at IS NULL",
        user.as_uuid(),
        purpose.as_str(),
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}
