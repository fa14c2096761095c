//! Posts, one by one and of an author.

use common::{Timestamp, page::Window};
use sqlx::{PgConnection, Result, query, query_as};
use uuid::Uuid;

use crate::domain::{Post, PostId, PostText, UserId};

pub async fn insert(conn: &mut PgConnection, post: &Post) -> Result<()> {
    query!(
        "INSERT INTO posts.posts (id, author_id, text, like_count, created_at, edited_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        post.id.as_uuid(),
        post.author_id.as_uuid(),
        post.text,
        post.like_count,
        post.created_at,
        post.edited_at as _,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Those of the posts that exist, in no order.
pub async fn by_ids(conn: &mut PgConnection, ids: &[PostId]) -> Result<Vec<Post>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    query_as!(
        Post,
        "SELECT id, author_id, text, like_count, created_at, edited_at
         FROM posts.posts WHERE id = ANY ($1)",
        &ids,
    )
    .fetch_all(conn)
    .await
}

/// The same window of the posts of each author: at most [`Window::fetch`] posts of each, newest first.
pub async fn list_by_authors(
    conn: &mut PgConnection,
    authors: &[UserId],
    window: Window,
) -> Result<Vec<Post>> {
    let authors: Vec<Uuid> = authors.iter().map(|id| id.as_uuid()).collect();
    query_as!(
        Post,
        r#"SELECT post.id AS "id!", post.author_id AS "author_id!", post.text AS "text!",
                  post.like_count AS "like_count!", post.created_at AS "created_at!", post.edited_at
           FROM unnest($1::uuid[]) AS author (id)
           CROSS JOIN LATERAL (
               SELECT id, author_id, text, like_count, created_at, edited_at
               FROM posts.posts
               WHERE author_id = author.id
                 AND (created_at, id) < (COALESCE($2::timestamptz, 'infinity'),
                                         COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
               ORDER BY created_at DESC, id DESC
               LIMIT $4 OFFSET $5
           ) AS post
           ORDER BY post.created_at DESC, post.id DESC"#,
        &authors,
        window.after.map(|place| place.at) as _,
        window.after.map(|place| place.id) as _,
        window.fetch(),
        window.skip(),
    )
    .fetch_all(conn)
    .await
}

/// Who wrote a post; that never changes.
pub async fn author(conn: &mut PgConnection, id: PostId) -> Result<Option<UserId>> {
    let row = query!(
        "SELECT author_id FROM posts.posts WHERE id = $1",
        id.as_uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| row.author_id.into()))
}

/// Gives a post of this author another text; `None` when the author has no such post.
pub async fn update_text(
    conn: &mut PgConnection,
    id: PostId,
    author: UserId,
    text: &PostText,
    now: Timestamp,
) -> Result<Option<Post>> {
    query_as!(
        Post,
        "UPDATE posts.posts SET text = $3, edited_at = $4
         WHERE id = $1 AND author_id = $2
         RETURNING id, author_id, text, like_count, created_at, edited_at",
        id.as_uuid(),
        author.as_uuid(),
        text.as_str(),
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Deletes a post of this author, and its likes. Whether there was one.
pub async fn delete(conn: &mut PgConnection, id: PostId, author: UserId) -> Result<bool> {
    query!(
        "DELETE FROM posts.posts WHERE id = $1 AND author_id = $2",
        id.as_uuid(),
        author.as_uuid(),
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected() == 1)
}
