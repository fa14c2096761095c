//! The statements of the timeline without the index in memory. Each reads rows in the order of a database index and stops
//! after a number of rows that follows from its parameters, never from the data.

use common::page::Keyset;
use sqlx::{PgConnection, Result};
use uuid::Uuid;

use super::posts::query_posts;
use crate::domain::Post;

/// The newest posts of all authors after a position: `rows` posts, or all there are.
pub async fn newest(
    conn: &mut PgConnection,
    after: Option<Keyset>,
    rows: i64,
) -> Result<Vec<Post>> {
    query_posts!(
        "SELECT",
        "FROM posts.posts
         WHERE (created_at, id) < (COALESCE($1::timestamptz, 'infinity'),
                                   COALESCE($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
         ORDER BY created_at DESC NULLS LAST, id DESC NULLS LAST
         LIMIT $3",
        after.map(|position| position.at) as _,
        after.map(|position| position.id) as _,
        rows,
    )
    .fetch_all(conn)
    .await
}

/// The posts by `authors` among the newest `rows` posts of all authors after a position: at most `limit`, without the first
/// `skip`. The statement stops reading at the last one.
///
/// `IS TRUE` keeps the planner from turning the condition into a join, which it would sometimes nest: every row compared
/// with every author (300 ms instead of 1 with 5,000). As it stands, PostgreSQL hashes the authors once.
pub async fn newest_among(
    conn: &mut PgConnection,
    authors: &[Uuid],
    after: Option<Keyset>,
    rows: i64,
    limit: i64,
    skip: i64,
) -> Result<Vec<Post>> {
    query_posts!(
        "SELECT",
        "FROM (
             SELECT *
             FROM posts.posts
             WHERE (created_at, id) < (COALESCE($2::timestamptz, 'infinity'),
                                       COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
             ORDER BY created_at DESC NULLS LAST, id DESC NULLS LAST
             LIMIT $4
         ) AS recent
         WHERE (author_id IN (SELECT unnest($1::uuid[]))) IS TRUE
         ORDER BY created_at DESC NULLS LAST, id DESC NULLS LAST
         LIMIT $5 OFFSET $6",
        authors,
        after.map(|position| position.at) as _,
        after.map(|position| position.id) as _,
        rows,
        limit,
        skip,
    )
    .fetch_all(conn)
    .await
}

/// The newest posts of these authors after a position: `reach` posts, or all there are, without the first `skip`.
///
/// First the newest `depth` posts of each author, by the index alone, and of these the newest `reach`. They name the only
/// authors who can be on the page, and if there are `reach` of them, nothing older than the oldest of them can be on it.
/// Then the posts of these authors down to that bound. Any `depth` gives the same answer; it is right when the first step
/// finds about `reach` posts and the second hardly more.
pub async fn newest_of_each(
    conn: &mut PgConnection,
    authors: &[Uuid],
    after: Option<Keyset>,
    depth: i64,
    reach: i64,
    skip: i64,
) -> Result<Vec<Post>> {
    query_posts!(
        "WITH newest AS MATERIALIZED (
             SELECT head.author_id, head.created_at
             FROM unnest($1::uuid[]) AS author (id)
             CROSS JOIN LATERAL (
                 SELECT author_id, created_at, id
                 FROM posts.posts
                 WHERE author_id = author.id
                   AND (created_at, id) < (COALESCE($2::timestamptz, 'infinity'),
                                           COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                 ORDER BY created_at DESC, id DESC
                 LIMIT $4
             ) AS head
             ORDER BY head.created_at DESC, head.id DESC
             LIMIT $5
         )
         SELECT",
        "FROM (SELECT DISTINCT author_id AS wanted_id FROM newest) AS author
         CROSS JOIN LATERAL (
             SELECT *
             FROM posts.posts
             WHERE author_id = author.wanted_id
               AND (created_at, id) < (COALESCE($2::timestamptz, 'infinity'),
                                       COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
               AND created_at >= COALESCE((SELECT min(created_at) FROM newest HAVING count(*) = $5), '-infinity')
             ORDER BY created_at DESC, id DESC
             LIMIT $5
         ) AS post
         ORDER BY post.created_at DESC, post.id DESC
         LIMIT $5 - $6 OFFSET $6",
        authors,
        after.map(|position| position.at) as _,
        after.map(|position| position.id) as _,
        depth,
        reach,
        skip,
    )
    .fetch_all(conn)
    .await
}
