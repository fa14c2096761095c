//! Roles of accounts.

use sqlx::{PgConnection, Result, query, query_as};

use crate::domain::{UserId, Username};

/// An account and its roles.
pub struct Roles {
    pub id: UserId,
    pub roles: Vec<String>,
}

/// Locks the account with a handle and returns its roles; `None` when no account has it.
pub async fn lock(conn: &mut PgConnection, username: &Username) -> Result<Option<Roles>> {
    query_as!(
        Roles,
        "SELECT id, roles FROM users.users WHERE lower(username) = $1 FOR NO KEY UPDATE",
        username.folded(),
    )
    .fetch_optional(conn)
    .await
}

pub async fn set(conn: &mut PgConnection, account: &Roles) -> Result<()> {
    query!(
        "UPDATE users.users SET roles = $2 WHERE id = $1",
        account.id.as_uuid(),
        &account.roles,
    )
    .execute(conn)
    .await
    .map(drop)
}
