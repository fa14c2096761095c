//! Posts by id and by author.

use common::{Timestamp, page::Window};
use sqlx::{PgConnection, Result, query};
use uuid::Uuid;

use crate::domain::{Post, PostId, PostText, UserId};

/// A checked query for posts: `$before`, the columns of a [`Post`](crate::domain::Post), `$after`. The columns are written
/// here only; `sqlx` still checks each whole statement.
///
/// `!` says that a column is not null where `sqlx` cannot see it, as behind `LATERAL`.
macro_rules! query_posts {
    ($before:literal, $after:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::domain::Post,
            $before
                + r#" id AS "id!", author_id AS "author_id!", text AS "text!", like_count AS "like_count!",
                      created_at AS "created_at!", edited_at AS "edited_at?" "#
                + $after,
            $($argument),+
        )
    };
}

pub(super) use query_posts;

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

/// The posts that exist, in no order.
pub async fn by_ids(conn: &mut PgConnection, ids: &[PostId]) -> Result<Vec<Post>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    query_posts!("SELECT", "FROM posts.posts WHERE id = ANY ($1)", &ids)
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
    query_posts!(
        "SELECT",
        "FROM unnest($1::uuid[]) AS author (wanted_id)
         CROSS JOIN LATERAL (
             SELECT *
             FROM posts.posts
             WHERE author_id = author.wanted_id
               AND (created_at, id) < (COALESCE($2::timestamptz, 'infinity'),
                                       COALESCE($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff'))
             ORDER BY created_at DESC, id DESC
             LIMIT $4 OFFSET $5
         ) AS post
         ORDER BY post.created_at DESC, post.id DESC",
        &authors,
        window.after.map(|position| position.at) as _,
        window.after.map(|position| position.id) as _,
        window.fetch(),
        window.skip(),
    )
    .fetch_all(conn)
    .await
}

/// The author of a post, which never changes.
pub async fn author(conn: &mut PgConnection, id: PostId) -> Result<Option<UserId>> {
    let row = query!(
        "SELECT author_id FROM posts.posts WHERE id = $1",
        id.as_uuid()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| row.author_id.into()))
}

/// Replaces the text of a post of this author; `None` when the author has no such post.
pub async fn update_text(
    conn: &mut PgConnection,
    id: PostId,
    author: UserId,
    text: &PostText,
    now: Timestamp,
) -> Result<Option<Post>> {
    query_posts!(
        "UPDATE posts.posts SET text = $3, edited_at = $4
         WHERE id = $1 AND author_id = $2
         RETURNING",
        "",
        id.as_uuid(),
        author.as_uuid(),
        text.as_str(),
        now,
    )
    .fetch_optional(conn)
    .await
}

/// Deletes a post of this author and its likes. Returns whether there was one.
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
