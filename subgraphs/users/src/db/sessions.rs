//! Sessions and their refresh tokens.

use common::{Timestamp, origin::Origin};
use sqlx::{PgConnection, Result, query, query_as, query_scalar};
use uuid::Uuid;

use crate::domain::{Account, Family, SessionInfo, TokenHash, UserId};

/// A session to insert.
pub struct NewSession<'a> {
    pub id: Uuid,
    pub account: &'a Account,
    pub origin: &'a Origin,
    pub now: Timestamp,
    pub expires_at: Timestamp,
}

/// Inserts a session; returns `false` when the account is gone or its password was changed since it was read. The lock
/// makes a concurrent password reset wait, so that the reset ends this session too.
pub async fn insert(conn: &mut PgConnection, new: &NewSession<'_>) -> Result<bool> {
    query!(
        "WITH account AS (
             SELECT id FROM users.users WHERE id = $2 AND password_version = $3 FOR SHARE
         )
         INSERT INTO users.sessions (id, user_id, created_at, expires_at, user_agent, address)
         SELECT $1, account.id, $4, $5, $6, $7 FROM account",
        new.id,
        new.account.id.as_uuid(),
        new.account.password_version,
        new.now,
        new.expires_at,
        new.origin.kept_user_agent(),
        new.origin.address.to_string(),
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Inserts a token of a session; the first one has generation 1.
pub async fn insert_token(
    conn: &mut PgConnection,
    session: Uuid,
    generation: i32,
    hash: &TokenHash,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    query!(
        "INSERT INTO users.refresh_tokens (token_hash, session_id, generation, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
        hash.as_bytes(),
        session,
        generation,
        now,
        expires_at,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A stored refresh token and its session.
pub struct KnownToken {
    pub session: Uuid,
    pub owner: UserId,
    pub is_revoked: bool,
    pub generation: i32,
    pub was_rotated: bool,
    pub expires_at: Timestamp,
    pub family: Family,
}

/// Finds a token and locks it and its session, so that concurrent requests with tokens of one session are serialised.
pub async fn lock_token(conn: &mut PgConnection, hash: &TokenHash) -> Result<Option<KnownToken>> {
    let row = query!(
        r#"
        SELECT session.id, session.user_id, session.revoked_at,
               session.exchanged_generation, session.exchanged_at,
               token.generation, token.rotated_at, token.expires_at
        FROM users.refresh_tokens token
        JOIN users.sessions session ON session.id = token.session_id
        WHERE token.token_hash = $1
        FOR UPDATE
        "#,
        hash.as_bytes(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| KnownToken {
        session: row.id,
        owner: row.user_id,
        is_revoked: row.revoked_at.is_some(),
        generation: row.generation,
        was_rotated: row.rotated_at.is_some(),
        expires_at: row.expires_at,
        family: Family {
            exchanged_generation: row.exchanged_generation,
            exchanged_at: row.exchanged_at,
        },
    }))
}

/// Counts the tokens of a generation.
pub async fn count_tokens(conn: &mut PgConnection, session: Uuid, generation: i32) -> Result<i64> {
    query_scalar!(
        r#"SELECT count(*) AS "count!" FROM users.refresh_tokens WHERE session_id = $1 AND generation = $2"#,
        session,
        generation,
    )
    .fetch_one(conn)
    .await
}

/// Records that a token was exchanged for one of the next generation; its session now lasts until `expires_at`.
pub async fn exchange(
    conn: &mut PgConnection,
    token: &KnownToken,
    hash: &TokenHash,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    query!(
        "WITH rotated AS (
             UPDATE users.refresh_tokens SET rotated_at = COALESCE(rotated_at, $5) WHERE token_hash = $1
         )
         UPDATE users.sessions
         SET exchanged_generation = GREATEST(exchanged_generation, $3),
             exchanged_at = CASE WHEN exchanged_generation < $3 THEN $5 ELSE exchanged_at END,
             expires_at = $4
         WHERE id = $2",
        hash.as_bytes(),
        token.session,
        token.generation,
        expires_at,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Revokes the session that a token, rotated or not, belongs to. Returns its owner when it was not revoked before.
pub async fn revoke_by_token(
    conn: &mut PgConnection,
    hash: &TokenHash,
    now: Timestamp,
) -> Result<Option<(Uuid, UserId)>> {
    let row = query!(
        r#"
        UPDATE users.sessions SET revoked_at = $2
        WHERE id = (SELECT session_id FROM users.refresh_tokens WHERE token_hash = $1) AND revoked_at IS NULL
        RETURNING id, user_id
        "#,
        hash.as_bytes(),
        now,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.id, row.user_id)))
}

/// Revokes a session of a user; returns whether the user has this session, revoked before or not.
pub async fn revoke(
    conn: &mut PgConnection,
    user: UserId,
    session: Uuid,
    now: Timestamp,
) -> Result<bool> {
    query!(
        "UPDATE users.sessions SET revoked_at = COALESCE(revoked_at, $3) WHERE id = $1 AND user_id = $2",
        session,
        user.as_uuid(),
        now,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Revokes all sessions of a user except one; returns how many were still valid.
pub async fn revoke_all(
    conn: &mut PgConnection,
    user: UserId,
    except: Option<Uuid>,
    now: Timestamp,
) -> Result<u64> {
    query!(
        "UPDATE users.sessions SET revoked_at = $2
         WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2 AND id IS DISTINCT FROM $3",
        user.as_uuid(),
        now,
        except,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

/// Revokes the sessions of a user beyond the `keep` that were used last.
pub async fn revoke_oldest(
    conn: &mut PgConnection,
    user: UserId,
    keep: i64,
    now: Timestamp,
) -> Result<u64> {
    query!(
        "UPDATE users.sessions SET revoked_at = $3
         WHERE id IN (
             SELECT id FROM users.sessions
             WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $3
             ORDER BY COALESCE(exchanged_at, created_at) DESC, id DESC
             OFFSET $2)",
        user.as_uuid(),
        keep,
        now,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}

/// The valid sessions of a user, the most recently used first.
pub async fn list(
    conn: &mut PgConnection,
    user: UserId,
    now: Timestamp,
) -> Result<Vec<SessionInfo>> {
    query_as!(
        SessionInfo,
        r#"
        SELECT id, created_at, COALESCE(exchanged_at, created_at) AS "last_used_at!", expires_at,
               user_agent, address
        FROM users.sessions
        WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2
        ORDER BY 3 DESC, id DESC
        "#,
        user.as_uuid(),
        now,
    )
    .fetch_all(conn)
    .await
}
