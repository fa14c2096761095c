//! Likes, and their count in the post's row.
//!
//! Liking and unliking are one statement each, and so one transaction each. The statement locks the post first, in the same
//! order as the deletion of a post (which goes on to its likes), so that concurrent statements cannot deadlock.

use std::collections::HashSet;

use common::Timestamp;
use sqlx::{PgConnection, Result, query_scalar};
use uuid::Uuid;

use super::posts::query_posts;
use crate::domain::{Post, PostId, UserId};

/// Makes the user like the post. Returns the post with its new count; `None` when the post does not exist.
pub async fn add(
    conn: &mut PgConnection,
    post: PostId,
    user: UserId,
    now: Timestamp,
) -> Result<Option<Post>> {
    query_posts!(
        "WITH post AS MATERIALIZED (
             SELECT * FROM posts.posts WHERE id = $1 FOR NO KEY UPDATE
         ), added AS (
             INSERT INTO posts.likes (post_id, user_id, created_at)
             SELECT id, $2, $3 FROM post
             ON CONFLICT ON CONSTRAINT likes_pkey DO NOTHING
             RETURNING post_id
         ), counted AS (
             UPDATE posts.posts SET like_count = like_count + 1
             WHERE id = $1 AND EXISTS (SELECT FROM added)
             RETURNING *
         )
         SELECT",
        "FROM (
             SELECT * FROM counted
             UNION ALL
             SELECT * FROM post WHERE NOT EXISTS (SELECT FROM counted)
         ) AS post",
        post.as_uuid(),
        user.as_uuid(),
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Removes the user's like of the post. Returns the post with its new count; `None` when the post does not exist.
pub async fn remove(conn: &mut PgConnection, post: PostId, user: UserId) -> Result<Option<Post>> {
    query_posts!(
        "WITH post AS MATERIALIZED (
             SELECT * FROM posts.posts WHERE id = $1 FOR NO KEY UPDATE
         ), removed AS (
             DELETE FROM posts.likes
             WHERE user_id = $2 AND post_id = (SELECT id FROM post)
             RETURNING post_id
         ), counted AS (
             UPDATE posts.posts SET like_count = like_count - 1
             WHERE id = $1 AND EXISTS (SELECT FROM removed)
             RETURNING *
         )
         SELECT",
        "FROM (
             SELECT * FROM counted
             UNION ALL
             SELECT * FROM post WHERE NOT EXISTS (SELECT FROM counted)
         ) AS post",
        post.as_uuid(),
        user.as_uuid(),
    )
    .fetch_optional(conn)
    .await
}

/// The posts among these that the user likes.
pub async fn among(
    conn: &mut PgConnection,
    user: UserId,
    posts: &[PostId],
) -> Result<HashSet<PostId>> {
    let posts: Vec<Uuid> = posts.iter().map(|id| id.as_uuid()).collect();
    let liked = query_scalar!(
        "SELECT post_id FROM posts.likes WHERE user_id = $1 AND post_id = ANY ($2)",
        user.as_uuid(),
        &posts,
    )
    .fetch_all(conn)
    .await?;
    Ok(liked.into_iter().map(PostId::from).collect())
}
