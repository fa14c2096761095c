//! Accounts and profiles.

use std::collections::HashSet;

use common::Timestamp;
use sqlx::{PgConnection, Result, query, query_as, query_scalar};

use super::{people::query_users, types::uuids};
use crate::domain::{
    Account, AvatarUrl, Bio, DisplayName, Email, ProfileChanges, User, UserId, UserSummary,
    Username, UsernamePrefix,
};

/// An account to insert.
pub struct NewUser<'a> {
    pub id: UserId,
    pub email: &'a Email,
    pub username: &'a Username,
    pub password_hash: &'a str,
    pub display_name: Option<&'a str>,
    pub created_at: Timestamp,
}

/// Whether an address and a handle are free now. Only [`insert`] decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    Free,
    EmailTaken,
    UsernameTaken,
}

pub async fn claim(conn: &mut PgConnection, email: &Email, username: &Username) -> Result<Claim> {
    let taken = query!(
        r#"
        SELECT EXISTS (SELECT FROM users.users WHERE lower(email) = $1) AS "email!",
               EXISTS (SELECT FROM users.users WHERE lower(username) = $2) AS "username!"
        "#,
        email.folded(),
        username.folded(),
    )
    .fetch_one(conn)
    .await?;
    Ok(match (taken.email, taken.username) {
        (true, _) => Claim::EmailTaken,
        (false, true) => Claim::UsernameTaken,
        (false, false) => Claim::Free,
    })
}

/// Violates `users_email_key` or `users_username_key` when another account has the address or the handle.
pub async fn insert(conn: &mut PgConnection, new: &NewUser<'_>) -> Result<User> {
    query_users!(
        "INSERT INTO users.users (id, email, username, password_hash, display_name, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         RETURNING",
        "",
        new.id.as_uuid(),
        new.email.as_str(),
        new.username.as_str(),
        new.password_hash,
        new.display_name,
        new.created_at,
    )
    .fetch_one(conn)
    .await
}

pub async fn by_ids(conn: &mut PgConnection, ids: &[UserId]) -> Result<Vec<User>> {
    query_users!(
        "SELECT",
        "FROM users.users
         WHERE id = ANY ($1)",
        &uuids(ids),
    )
    .fetch_all(conn)
    .await
}

pub async fn by_id(conn: &mut PgConnection, id: UserId) -> Result<Option<User>> {
    Ok(by_ids(conn, &[id]).await?.pop())
}

pub async fn by_usernames(conn: &mut PgConnection, usernames: &[Username]) -> Result<Vec<User>> {
    query_users!(
        "SELECT",
        "FROM users.users
         WHERE lower(username) = ANY ($1)",
        &folded(usernames),
    )
    .fetch_all(conn)
    .await
}

/// The users that have one of these ids or handles, each once.
pub async fn summaries(
    conn: &mut PgConnection,
    ids: &[UserId],
    usernames: &[Username],
) -> Result<Vec<UserSummary>> {
    query_as!(
        UserSummary,
        r#"
        SELECT id, username, display_name, avatar_url
        FROM users.users
        WHERE id = ANY ($1) OR lower(username) = ANY ($2)
        "#,
        &uuids(ids),
        &folded(usernames),
    )
    .fetch_all(conn)
    .await
}

/// Users in the order of their handles, without the ones that a block separates from the viewer. The condition is a range
/// and not `LIKE`: a range uses the index in a generic plan too, and no character of the prefix is a wildcard. `OFFSET 0`
/// keeps each EXISTS a probe of the key: as a join the planner would scan all blocks of the viewer for every candidate.
pub async fn with_prefix(
    conn: &mut PgConnection,
    prefix: &UsernamePrefix,
    viewer: Option<UserId>,
    limit: i64,
) -> Result<Vec<User>> {
    query_users!(
        "SELECT",
        "FROM users.users
         WHERE lower(username) >= $1 AND lower(username) < $2
           AND NOT EXISTS (SELECT FROM users.blocks WHERE blocker_id = $3 AND blocked_id = users.id OFFSET 0)
           AND NOT EXISTS (SELECT FROM users.blocks WHERE blocker_id = users.id AND blocked_id = $3 OFFSET 0)
         ORDER BY lower(username)
         LIMIT $4",
        prefix.as_str(),
        prefix.end(),
        viewer.map(UserId::as_uuid),
        limit,
    )
    .fetch_all(conn)
    .await
}

/// Locks the accounts that exist in the order of their ids, so that two users who follow each other at once cannot
/// deadlock. Returns the ids that exist.
pub async fn lock(conn: &mut PgConnection, ids: &[UserId]) -> Result<HashSet<UserId>> {
    query_scalar!(
        "SELECT id FROM users.users WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE",
        &uuids(ids),
    )
    .fetch_all(conn)
    .await
    .map(HashSet::from_iter)
}

/// Locks an account and returns the URL of its picture; `None` when the account does not exist.
pub async fn lock_avatar_url(
    conn: &mut PgConnection,
    id: UserId,
) -> Result<Option<Option<String>>> {
    query_scalar!(
        "SELECT avatar_url FROM users.users WHERE id = $1 FOR NO KEY UPDATE",
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await
}

/// Returns the profile after the change; `None` when the account does not exist.
pub async fn update_profile(
    conn: &mut PgConnection,
    id: UserId,
    changes: &ProfileChanges,
) -> Result<Option<User>> {
    let (set_name, name) = changes.display_name.as_parts();
    let (set_bio, bio) = changes.bio.as_parts();
    let (set_avatar, avatar) = changes.avatar_url.as_parts();
    query_users!(
        "UPDATE users.users
         SET display_name = CASE WHEN $2 THEN $3 ELSE display_name END,
             bio = CASE WHEN $4 THEN $5 ELSE bio END,
             avatar_url = CASE WHEN $6 THEN $7 ELSE avatar_url END
         WHERE id = $1
         RETURNING",
        "",
        id.as_uuid(),
        set_name,
        name.map(DisplayName::as_str),
        set_bio,
        bio.map(Bio::as_str),
        set_avatar,
        avatar.map(AvatarUrl::as_str),
    )
    .fetch_optional(conn)
    .await
}

pub async fn account_by_email(conn: &mut PgConnection, email: &Email) -> Result<Option<Account>> {
    query_as!(
        Account,
        r#"
        SELECT id, email, password_hash, password_version, email_verified_at
        FROM users.users
        WHERE lower(email) = $1
        "#,
        email.folded(),
    )
    .fetch_optional(conn)
    .await
}

pub async fn account_by_id(conn: &mut PgConnection, id: UserId) -> Result<Option<Account>> {
    query_as!(
        Account,
        r#"
        SELECT id, email, password_hash, password_version, email_verified_at
        FROM users.users
        WHERE id = $1
        "#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await
}

/// Replaces a hash with a better one of the same password; does nothing if the password has changed since.
pub async fn replace_password_hash(
    conn: &mut PgConnection,
    account: &Account,
    hash: &str,
) -> Result<()> {
    query!(
        "UPDATE users.users SET password_hash = $3 WHERE id = $1 AND password_version = $2",
        account.id.as_uuid(),
        account.password_version,
        hash,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// A reset: its mail proved that the account's owner reads the address, so the address counts as verified.
pub async fn reset_password(
    conn: &mut PgConnection,
    id: UserId,
    hash: &str,
    now: Timestamp,
) -> Result<()> {
    query!(
        "UPDATE users.users
         SET password_hash = $2, password_version = password_version + 1,
             email_verified_at = COALESCE(email_verified_at, $3)
         WHERE id = $1",
        id.as_uuid(),
        hash,
        now,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Changes the password if its version is still `version`; returns whether it was.
pub async fn change_password(
    conn: &mut PgConnection,
    id: UserId,
    version: i32,
    hash: &str,
) -> Result<bool> {
    query!(
        "UPDATE users.users SET password_hash = $3, password_version = password_version + 1
         WHERE id = $1 AND password_version = $2",
        id.as_uuid(),
        version,
        hash,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

pub async fn set_email_verified(
    conn: &mut PgConnection,
    id: UserId,
    now: Timestamp,
) -> Result<Option<User>> {
    query_users!(
        "UPDATE users.users
         SET email_verified_at = COALESCE(email_verified_at, $2)
         WHERE id = $1
         RETURNING",
        "",
        id.as_uuid(),
        now,
    )
    .fetch_optional(conn)
    .await
}

fn folded(usernames: &[Username]) -> Vec<String> {
    usernames.iter().map(Username::folded).collect()
}
