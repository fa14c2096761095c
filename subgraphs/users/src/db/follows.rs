//! The follow graph.

use std::collections::{HashMap, HashSet};

use common::{Timestamp, page::Window};
use sqlx::{PgConnection, Result, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    listed::{Listed, Row},
    types::uuids,
};
use crate::domain::{Follow, UserId};

/// Whether the row is new.
pub async fn insert(conn: &mut PgConnection, follow: Follow, now: Timestamp) -> Result<bool> {
    query!(
        "INSERT INTO users.follows (follower_id, followee_id, created_at)
         VALUES ($1, $2, $3)
         ON CONFLICT ON CONSTRAINT follows_pkey DO NOTHING",
        follow.follower.as_uuid(),
        follow.followee.as_uuid(),
        now,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Whether there was a row.
pub async fn delete(conn: &mut PgConnection, follow: Follow) -> Result<bool> {
    query!(
        "DELETE FROM users.follows WHERE follower_id = $1 AND followee_id = $2",
        follow.follower.as_uuid(),
        follow.followee.as_uuid(),
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}

/// Adds to both counts what `follows` gained (1) or lost (-1), and gives the follower's list a new version.
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

/// Those of these that there are.
pub async fn among(conn: &mut PgConnection, follows: &[Follow]) -> Result<HashSet<Follow>> {
    let column = |id: fn(&Follow) -> UserId| follows.iter().map(id).map(UserId::as_uuid).collect();
    let (by, of): (Vec<Uuid>, Vec<Uuid>) = (column(|f| f.follower), column(|f| f.followee));
    query_as!(
        Follow,
        r#"
        SELECT follower_id AS follower, followee_id AS followee
        FROM users.follows
        JOIN unnest($1::uuid[], $2::uuid[]) AS asked (follower, followee)
            ON follower_id = asked.follower AND followee_id = asked.followee
        "#,
        &by,
        &of,
    )
    .fetch_all(conn)
    .await
    .map(HashSet::from_iter)
}

/// The version of somebody's list of followees; `None` when there is no such account.
pub async fn followees_version(conn: &mut PgConnection, id: UserId) -> Result<Option<i64>> {
    query_scalar!(
        "SELECT followees_version FROM users.users WHERE id = $1",
        id.as_uuid()
    )
    .fetch_optional(conn)
    .await
}

/// The versions of several lists of followees, by whose they are; without those of accounts that there are not.
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

/// Whom somebody follows, and the version of that list, from one snapshot because it is one statement.
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

/// One page of the followers of each of several people, newest first. Before the first row stands a time and an id later
/// than any, so that a page has the same plan with a cursor and without.
pub async fn followers(
    conn: &mut PgConnection,
    of: &[UserId],
    window: Window,
) -> Result<Vec<Listed>> {
    let rows = query_as!(
        Row,
        r#"
        SELECT page.followee_id AS list_of, page.created_at AS listed_at,
               u.id, u.email, u.username, u.display_name, u.bio, u.avatar_url, u.roles, u.created_at,
               u.follower_count, u.followee_count
        FROM unnest($1::uuid[]) AS list (id)
        CROSS JOIN LATERAL (
            SELECT follower_id, followee_id, created_at
            FROM users.follows
            WHERE followee_id = list.id
              AND (created_at, follower_id)
                  < (COALESCE($2::timestamptz, 'infinity'), COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            ORDER BY created_at DESC, follower_id DESC
            LIMIT $4 OFFSET $5
        ) AS page
        JOIN users.users AS u ON u.id = page.follower_id
        ORDER BY page.followee_id, page.created_at DESC, page.follower_id DESC
        "#,
        &uuids(of),
        window.after.map(|place| place.at),
        window.after.map(|place| place.id),
        window.fetch(),
        window.skip(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Listed::from).collect())
}

/// One page of whom each of several people follows, newest first; as [`followers`].
pub async fn followees(
    conn: &mut PgConnection,
    of: &[UserId],
    window: Window,
) -> Result<Vec<Listed>> {
    let rows = query_as!(
        Row,
        r#"
        SELECT page.follower_id AS list_of, page.created_at AS listed_at,
               u.id, u.email, u.username, u.display_name, u.bio, u.avatar_url, u.roles, u.created_at,
               u.follower_count, u.followee_count
        FROM unnest($1::uuid[]) AS list (id)
        CROSS JOIN LATERAL (
            SELECT follower_id, followee_id, created_at
            FROM users.follows
            WHERE follower_id = list.id
              AND (created_at, followee_id)
                  < (COALESCE($2::timestamptz, 'infinity'), COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
            ORDER BY created_at DESC, followee_id DESC
            LIMIT $4 OFFSET $5
        ) AS page
        JOIN users.users AS u ON u.id = page.followee_id
        ORDER BY page.follower_id, page.created_at DESC, page.followee_id DESC
        "#,
        &uuids(of),
        window.after.map(|place| place.at),
        window.after.map(|place| place.id),
        window.fetch(),
        window.skip(),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Listed::from).collect())
}
