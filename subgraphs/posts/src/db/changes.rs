//! The changes of posts since a read point (`migrations/posts/0002_changes.sql`).

use common::Timestamp;
use futures_util::{Stream, TryStreamExt};
use sqlx::{Error, PgConnection, Result, query, query_as};
use uuid::Uuid;

use crate::domain::{Change, ChangeKind, Changes, Position, Post, ReadPoint, UserId};

/// A row of one of several kinds.
struct Row {
    /// One of the constants below; any other value marks the row of the read point.
    kind: i32,
    id: Option<Uuid>,
    author_id: Option<Uuid>,
    text: Option<String>,
    like_count: Option<i32>,
    created_at: Option<Timestamp>,
    edited_at: Option<Timestamp>,
}

const POST: i32 = 0;
const WRITTEN: i32 = 1;
const DELETED: i32 = 2;

/// The posts that exist, in no order, and at most `limit` changes since a read point, with the posts that were written
/// since: all of one snapshot, because it is one statement.
///
/// Only a transaction that had not ended at the read point can add changes: its id is not below `next`, or it was running.
pub async fn with_posts(
    conn: &mut PgConnection,
    ids: &[Uuid],
    since: &ReadPoint,
    limit: i64,
) -> Result<(Vec<Post>, Changes)> {
    let rows = query_as!(
        Row,
        r#"SELECT 0 AS "kind!", id, author_id, text, like_count, created_at, edited_at
           FROM posts.posts
           WHERE id = ANY ($1)
           UNION ALL
           SELECT CASE WHEN is_deletion THEN 2 ELSE 1 END, post_id, author_id, text, like_count, created_at, edited_at
           FROM (
               (SELECT is_deletion, post_id, author_id, created_at FROM posts.changes WHERE xid >= $2 LIMIT $4)
               UNION ALL
               (SELECT is_deletion, post_id, author_id, created_at FROM posts.changes WHERE xid = ANY ($3) LIMIT $4)
           ) AS change
           LEFT JOIN LATERAL (
               SELECT text, like_count, edited_at FROM posts.posts WHERE id = post_id AND NOT is_deletion LIMIT 1
           ) AS post ON true
           UNION ALL
           SELECT 3, NULL, NULL, pg_current_snapshot()::text, NULL, pg_postmaster_start_time(), statement_timestamp()"#,
        ids,
        since.snapshot.next,
        &since.snapshot.running,
        limit,
    )
    .fetch_all(conn)
    .await?;
    read(rows, since, limit)
}

fn read(rows: Vec<Row>, since: &ReadPoint, limit: i64) -> Result<(Vec<Post>, Changes)> {
    let (mut posts, mut list, mut written, mut until) = (Vec::new(), Vec::new(), Vec::new(), None);
    for row in rows {
        match row.kind {
            POST => posts.push(row.post().ok_or_else(unreadable)?),
            WRITTEN => {
                list.push(row.change(ChangeKind::Written).ok_or_else(unreadable)?);
                // `None` if the post has been deleted again.
                written.extend(row.post());
            }
            DELETED => list.push(row.change(ChangeKind::Deleted).ok_or_else(unreadable)?),
            _ => until = Some(row.read_point()?),
        }
    }
    let until: ReadPoint = until.ok_or_else(unreadable)?;
    let is_below_limit = i64::try_from(list.len()).is_ok_and(|length| length < limit);
    let changes = Changes {
        // The transaction ids of another server cannot be compared.
        is_complete: is_below_limit && until.is_on_same_server(since),
        list,
        written,
        since: since.clone(),
        until,
    };
    Ok((posts, changes))
}

fn unreadable() -> Error {
    Error::Decode("a row of a kind that this statement does not have".into())
}

impl Row {
    fn post(self) -> Option<Post> {
        Some(Post {
            id: self.id?.into(),
            author_id: self.author_id?.into(),
            text: self.text?,
            like_count: self.like_count?,
            created_at: self.created_at?,
            edited_at: self.edited_at,
        })
    }

    fn change(&self, kind: ChangeKind) -> Option<Change> {
        Some(Change {
            kind,
            author: self.author_id?.into(),
            position: Position::new(self.created_at?, self.id?),
        })
    }

    fn read_point(self) -> Result<ReadPoint> {
        let (Some(snapshot), Some(server_started_at), Some(at)) =
            (self.text, self.created_at, self.edited_at)
        else {
            return Err(unreadable());
        };
        read_point(&snapshot, server_started_at, at)
    }
}

fn read_point(snapshot: &str, server_started_at: Timestamp, at: Timestamp) -> Result<ReadPoint> {
    Ok(ReadPoint {
        server_started_at,
        at,
        snapshot: snapshot
            .parse()
            .map_err(|error| Error::Decode(Box::new(error)))?,
    })
}

/// The read point of a transaction that has one snapshot for all its statements.
pub async fn current_read_point(conn: &mut PgConnection) -> Result<ReadPoint> {
    let row = query!(
        r#"SELECT pg_current_snapshot()::text AS "snapshot!",
                  pg_postmaster_start_time() AS "server_started_at!",
                  statement_timestamp() AS "at!""#
    )
    .fetch_one(conn)
    .await?;
    read_point(&row.snapshot, row.server_started_at, row.at)
}

/// Removes the statement timeout for this transaction.
pub async fn without_time_limit(conn: &mut PgConnection) -> Result<()> {
    query!("SET LOCAL statement_timeout = 0")
        .execute(conn)
        .await
        .map(drop)
}

/// The author and position of every post, author by author.
pub fn all_positions(conn: &mut PgConnection) -> impl Stream<Item = Result<(UserId, Position)>> {
    query!(
        "SELECT author_id, created_at, id FROM posts.posts ORDER BY author_id, created_at DESC, id DESC"
    )
    .fetch(conn)
    .map_ok(|row| (row.author_id.into(), Position::new(row.created_at, row.id)))
}

/// Deletes at most `limit` changes of each of two kinds: of transactions that had ended by `before`, and changes that came
/// with a copy of another server's data, whose transactions this server has not begun yet. Returns how many it deleted.
pub async fn delete(conn: &mut PgConnection, before: i64, limit: i64) -> Result<u64> {
    query!(
        "DELETE FROM posts.changes
         WHERE ctid = ANY (ARRAY(
             (SELECT ctid FROM posts.changes WHERE xid < $1 LIMIT $2)
             UNION ALL
             (SELECT ctid FROM posts.changes WHERE xid >= (pg_snapshot_xmax(pg_current_snapshot())::text::bigint) LIMIT $2)
         ))",
        before,
        limit,
    )
    .execute(conn)
    .await
    .map(|done| done.rows_affected())
}
