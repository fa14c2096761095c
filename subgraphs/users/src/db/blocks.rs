//! The accounts that a user blocks.

use common::page::Window;
use sqlx::{PgConnection, Result, query_scalar};

use super::{
    pairs::pair_table,
    people::{ListEntry, query_list},
};
use crate::domain::{Block, UserId};

pair_table!(Block, "users.blocks", "blocks_pkey", blocker: "blocker_id", blocked: "blocked_id");

/// Whether one of the two blocks the other.
pub async fn between(conn: &mut PgConnection, one: UserId, other: UserId) -> Result<bool> {
    query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM users.blocks WHERE blocker_id = $1 AND blocked_id = $2)
            OR EXISTS (SELECT FROM users.blocks WHERE blocker_id = $2 AND blocked_id = $1) AS "apart!"
        "#,
        one.as_uuid(),
        other.as_uuid(),
    )
    .fetch_one(conn)
    .await
}

/// Counts the accounts that a user blocks.
pub async fn count(conn: &mut PgConnection, blocker: UserId) -> Result<i64> {
    query_scalar!(
        r#"SELECT count(*) AS "count!" FROM users.blocks WHERE blocker_id = $1"#,
        blocker.as_uuid(),
    )
    .fetch_one(conn)
    .await
}

/// One page of the accounts that a user blocks, newest first.
pub async fn list(
    conn: &mut PgConnection,
    blocker: UserId,
    window: Window,
) -> Result<Vec<ListEntry>> {
    query_list!(
        "users.blocks",
        "blocker_id",
        "blocked_id",
        &[blocker],
        window
    )
    .fetch_all(conn)
    .await
}
