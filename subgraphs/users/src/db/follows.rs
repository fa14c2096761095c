//! The follow graph.

use std::collections::HashMap;

use common::page::Window;
use sqlx::{PgConnection, Result, query, query_scalar};
use uuid::Uuid;

use super::{
    pairs::pair_table,
    people::{ListEntry, query_list},
    types::uuids,
};
use crate::domain::{Follow, UserId};

pair_table!(Follow, "users.follows", "follows_pkey", follower: "follower_id", followee: "followee_id");

/// Adds a new follow (1) or a removed one (-1) to both counts and raises the version of the follower's list.
pub async fn count(conn: &mut PgConnection, follow: Follow, change: i32) -> Result<()> {
    query!(
        "UPDATE users.users
         SET followee_count = followee_count + CASE WHEN id = $1 THEN $3 ELSE 0 END,
             followees_version = followees_version + CASE WHEN id = $1 THEN 1 ELSE 0 END,
             follower_count = follower_count + CASE WHEN id = $2 THEN $3 ELSE 0 END
         WHERE id IN ($1, $2)",
        follow.follower.as_uuid(),
        follow.followee.as_uuid(),
        change,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// The version of an account's followee list; `None` when the account does not exist.
pub async fn followees_version(conn: &mut PgConnection, id: UserId) -> Result<Option<i64>> {
    query_scalar!(
        "SELECT followees_version FROM users.users WHERE id = $1",
        id.as_uuid()
    )
    .fetch_optional(conn)
    .await
}

/// The versions of several followee lists by account id; accounts that do not exist are left out.
pub async fn followees_versions(
    conn: &mut PgConnection,
    ids: &[UserId],
) -> Result<HashMap<UserId, i64>> {
    let rows = query!(
        "SELECT id, followees_version FROM users.users WHERE id = ANY($1)",
        &uuids(ids),
    )
    .fetch_all(conn)
    .await?;
    let versions = rows.into_iter();
    Ok(versions
        .map(|row| (row.id, row.followees_version))
        .collect())
}

/// The ids of an account's followees and the version of that list, in one statement and so from one snapshot.
pub async fn followee_ids(
    conn: &mut PgConnection,
    id: UserId,
) -> Result<Option<(i64, Vec<UserId>)>> {
    let row = query!(
        r#"
        SELECT followees_version,
               ARRAY(SELECT followee_id FROM users.follows WHERE follower_id = users.id) AS "ids!: Vec<Uuid>"
        FROM users.users
        WHERE id = $1
        "#,
        id.as_uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        let ids = row.ids.into_iter().map(UserId::from).collect();
        (row.followees_version, ids)
    }))
}

/// One page of the followers of each of several accounts, newest first.
pub async fn followers(
    conn: &mut PgConnection,
    of: &[UserId],
    window: Window,
) -> Result<Vec<ListEntry>> {
    query_list!("users.follows", "followee_id", "follower_id", of, window)
        .fetch_all(conn)
        .await
}

/// One page of the followees of each of several accounts, newest first.
pub async fn followees(
    conn: &mut PgConnection,
    of: &[UserId],
    window: Window,
) -> Result<Vec<ListEntry>> {
    query_list!("users.follows", "follower_id", "followee_id", of, window)
        .fetch_all(conn)
        .await
}
