//! The statements behind the timeline. Each reads rows in the order of an index and stops after a number of rows that
//! follows from its parameters, never from the data.

use common::page::Keyset;
use sqlx::{PgConnection, Result, query_as};
use uuid::Uuid;

use crate::domain::Post;

/// The newest posts of everybody after a place: `rows` of them, or all there are.
pub async fn newest(
    conn: &mut PgConnection,
    after: Option<Keyset>,
    rows: i64,
) -> Result<Vec<Post>> {
    query_as!(
        Post,
        "SELECT id, author_id, text, like_count, created_at, edited_at
         FROM posts.posts
         WHERE (created_at, id) < (COALESCE($1::timestamptz, 'infinity'),
                                   COALESCE($2::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
         ORDER BY created_at DESC NULLS LAST, id DESC NULLS LAST
         LIMIT $3",
        after.map(|place| place.at) as _,
        after.map(|place| place.id) as _,
        rows,
    )
    .fetch_all(conn)
    .await
}

/// Of the newest `rows` posts of everybody after a place, those of the authors: `limit` of them at most, after `skip` that
/// are left out. It stops reading at the last one.
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
    query_as!(
        Post,
        r#"SELECT id AS "id!", author_id AS "author_id!", text AS "text!",
                  like_count AS "like_count!", created_at AS "created_at!", edited_at
           FROM (
               SELECT id, author_id, text, like_count, created_at, edited_at
               FROM posts.posts
               WHERE (created_at, id) < (COALESCE($2::timestamptz, 'infinity'),
                                         COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
               ORDER BY created_at DESC NULLS LAST, id DESC NULLS LAST
               LIMIT $4
           ) AS recent
           WHERE (author_id IN (SELECT unnest($1::uuid[]))) IS TRUE
           ORDER BY created_at DESC NULLS LAST, id DESC NULLS LAST
           LIMIT $5 OFFSET $6"#,
        authors,
        after.map(|place| place.at) as _,
        after.map(|place| place.id) as _,
        rows,
        limit,
        skip,
    )
    .fetch_all(conn)
    .await
}

/// The newest posts of these authors after a place: `reach` of them, or all there are, without the first `skip`.
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
    query_as!(
        Post,
        r#"WITH newest AS MATERIALIZED (
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
           SELECT post.id AS "id!", post.author_id AS "author_id!", post.text AS "text!",
                  post.like_count AS "like_count!", post.created_at AS "created_at!", post.edited_at
           FROM (SELECT DISTINCT author_id FROM newest) AS author
           CROSS JOIN LATERAL (
               SELECT id, author_id, text, like_count, created_at, edited_at
               FROM posts.posts
               WHERE author_id = author.author_id
                 AND (created_at, id) < (COALESCE($2::timestamptz, 'infinity'),
                                         COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
                 AND created_at >= COALESCE((SELECT min(created_at) FROM newest HAVING count(*) = $5), '-infinity')
               ORDER BY created_at DESC, id DESC
               LIMIT $5
           ) AS post
           ORDER BY post.created_at DESC, post.id DESC
           LIMIT $5 - $6 OFFSET $6"#,
        authors,
        after.map(|place| place.at) as _,
        after.map(|place| place.id) as _,
        depth,
        reach,
        skip,
    )
    .fetch_all(conn)
    .await
}
