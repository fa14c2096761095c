//! Likes, and the count of them in the post's row.
//!
//! Liking and unliking are one statement each, and so one transaction each. It locks the post first: likes of one post
//! take turns, in the same order as the deletion of the post (which goes on to its likes), so that nobody waits for ever.

use std::collections::HashSet;

use common::Timestamp;
use sqlx::{PgConnection, Result, query_as, query_scalar};
use uuid::Uuid;

use crate::domain::{Post, PostId, UserId};

/// Makes sure that the user likes the post. The post with its count; `None` when there is no such post.
pub async fn add(
    conn: &mut PgConnection,
    post: PostId,
    user: UserId,
    now: Timestamp,
) -> Result<Option<Post>> {
    query_as!(
        Post,
        r#"WITH post AS MATERIALIZED (
               SELECT id, author_id, text, like_count, created_at, edited_at
               FROM posts.posts WHERE id = $1 FOR NO KEY UPDATE
           ), added AS (
               INSERT INTO posts.likes (post_id, user_id, created_at)
               SELECT id, $2, $3 FROM post
               ON CONFLICT ON CONSTRAINT likes_pkey DO NOTHING
               RETURNING post_id
           ), counted AS (
               UPDATE posts.posts SET like_count = like_count + 1
               WHERE id = $1 AND EXISTS (SELECT FROM added)
           )
           SELECT id, author_id, text, created_at, edited_at,
                  like_count + (SELECT count(*)::integer FROM added) AS "like_count!"
           FROM post"#,
        post.as_uuid(),
        user.as_uuid(),
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Makes sure that the user does not like the post. The post with its count; `None` when there is no such post.
pub async fn remove(conn: &mut PgConnection, post: PostId, user: UserId) -> Result<Option<Post>> {
    query_as!(
        Post,
        r#"WITH post AS MATERIALIZED (
               SELECT id, author_id, text, like_count, created_at, edited_at
               FROM posts.posts WHERE id = $1 FOR NO KEY UPDATE
           ), removed AS (
               DELETE FROM posts.likes
               WHERE user_id = $2 AND post_id = (SELECT id FROM post)
               RETURNING post_id
           ), counted AS (
               UPDATE posts.posts SET like_count = like_count - 1
               WHERE id = $1 AND EXISTS (SELECT FROM removed)
           )
           SELECT id, author_id, text, created_at, edited_at,
                  like_count - (SELECT count(*)::integer FROM removed) AS "like_count!"
           FROM post"#,
        post.as_uuid(),
        user.as_uuid(),
    )
    .fetch_optional(conn)
    .await
}

/// Those of the posts that the user likes.
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
