//! Who blocks whom.

use std::collections::HashSet;

use common::{Timestamp, page::Window};
use sqlx::{PgConnection, Result, query, query_as, query_scalar};
use uuid::Uuid;

use super::listed::{Listed, Row};
use crate::domain::{Block, UserId};

/// Whether the row is new.
pub async fn insert(conn: &mut PgConnection, block: Block, now: Timestamp) -> Result<bool> {
    query!(
        "INSERT INTO users.blocks (blocker_id, blocked_id, created_at)
         VALUES ($1, $2, $3)
         ON CONFLICT ON CONSTRAINT blocks_pkey DO NOTHING",
        block.blocker.as_uuid(),
        block.blocked.as_uuid(),
        now,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Whether there was a row.
pub async fn delete(conn: &mut PgConnection, block: Block) -> Result<bool> {
    query!(
        "DELETE FROM users.blocks WHERE blocker_id = $1 AND blocked_id = $2",
        block.blocker.as_uuid(),
        block.blocked.as_uuid(),
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

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

/// Those of these that there are.
pub async fn among(conn: &mut PgConnection, blocks: &[Block]) -> Result<HashSet<Block>> {
    let column = |id: fn(&Block) -> UserId| blocks.iter().map(id).map(UserId::as_uuid).collect();
    let (by, of): (Vec<Uuid>, Vec<Uuid>) = (column(|b| b.blocker), column(|b| b.blocked));
    query_as!(
        Block,
        r#"
        SELECT blocker_id AS blocker, blocked_id AS blocked
        FROM users.blocks
        JOIN unnest($1::uuid[], $2::uuid[]) AS asked (blocker, blocked)
            ON blocker_id = asked.blocker AND blocked_id = asked.blocked
        "#,
        &by,
        &of,
    )
    .fetch_all(conn)
    .await
    .map(HashSet::from_iter)
}

/// How many people somebody blocks.
pub async fn count(conn: &mut PgConnection, blocker: UserId) -> Result<i64> {
    query_scalar!(
        r#"SELECT count(*) AS "count!" FROM users.blocks WHERE blocker_id = $1"#,
        blocker.as_uuid(),
    )
    .fetch_one(conn)
    .await
}

/// One page of the people whom somebody blocks, newest first. Before the first row stands a time and an id later than any,
/// so that a page has the same plan with a cursor and without.
pub async fn list(conn: &mut PgConnection, blocker: UserId, window: Window) -> Result<Vec<Listed>> {
    let rows = query_as!(
        Row,
        r#"
        SELECT page.blocker_id AS list_of, page.created_at AS listed_at,
               u.id, u.email, u.username, u.display_name, u.bio, u.avatar_url, u.roles, u.created_at,
               u.follower_count, u.followee_count
        FROM (
            SELECT blocker_id, blocked_id, created_at
            FROM users.blocks
            WHERE blocker_id = $1
              AND (created_at, blocked_id)
                  < (COALESCE($2::timestamptz, 'infinity'), COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            ORDER BY created_at DESC, blocked_id DESC
            LIMIT $4 OFFSET $5
        ) AS page
        JOIN users.users AS u ON u.id = page.blocked_id
        ORDER BY page.created_at DESC, page.blocked_id DESC
        "#,
        blocker.as_uuid(),
        window.after.map(|place| place.at),
        window.after.map(|place| place.id),
        window.fetch(),
        window.skip(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Listed::from).collect())
}
