//! Sessions and their refresh tokens.

use common::Timestamp;
use sqlx::{PgConnection, Result, query, query_scalar};
use uuid::Uuid;

use crate::domain::{Account, TokenHash, UserId};

/// Opens a session; `false` when the account is gone or its password was changed since `account` was read. The lock
/// makes a reset that runs at the same time wait, so that it then ends this session too.
pub async fn insert(
    conn: &mut PgConnection,
    id: Uuid,
    account: &Account,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<bool> {
    query!(
        "WITH account AS (
             SELECT id FROM users.users WHERE id = $2 AND password_version = $3 FOR SHARE
         )
         INSERT INTO users.sessions (id, user_id, created_at, expires_at)
         SELECT $1, account.id, $4, $5 FROM account",
        id,
        account.id.as_uuid(),
        account.password_version,
        now,
        expires_at,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

pub async fn insert_token(
    conn: &mut PgConnection,
    session: Uuid,
    hash: &TokenHash,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    query!(
        "INSERT INTO users.refresh_tokens (token_hash, session_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
        hash.as_bytes(),
        session,
        now,
        expires_at,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Takes a good token out of use, and returns its session. Of several that present one token at once, one gets it.
pub async fn rotate_token(
    conn: &mut PgConnection,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<Uuid>> {
    query_scalar!(
        "UPDATE users.refresh_tokens SET rotated_at = $2
         WHERE token_hash = $1 AND rotated_at IS NULL AND expires_at > $2
         RETURNING session_id",
        hash.as_bytes(),
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Whose session it is, unless it was revoked; it now lasts until `expires_at`.
pub async fn extend(
    conn: &mut PgConnection,
    session: Uuid,
    expires_at: Timestamp,
) -> Result<Option<UserId>> {
    query_scalar!(
        "UPDATE users.sessions SET expires_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING user_id",
        session,
        expires_at,
    )
    .fetch_optional(conn)
    .await
}

/// Revokes the session that a token, rotated or not, belongs to. Returns its owner when it was not revoked before.
pub async fn revoke_by_token(
    conn: &mut PgConnection,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<UserId>> {
    query_scalar!(
        "UPDATE users.sessions SET revoked_at = $2
         WHERE id = (SELECT session_id FROM users.refresh_tokens WHERE token_hash = $1) AND revoked_at IS NULL
         RETURNING user_id",
        hash.as_bytes(),
        now,
    )
    .fetch_optional(conn)
    .await
}

pub async fn revoke_all(conn: &mut PgConnection, user: UserId, now: Timestamp) -> Result<()> {
    query!(
        "UPDATE users.sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL",
        user.as_uuid(),
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}
