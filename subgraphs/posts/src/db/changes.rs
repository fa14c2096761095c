//! What has changed among the posts since a moment (`migrations/posts/0002_changes.sql`).

use common::Timestamp;
use futures_util::{Stream, TryStreamExt};
use sqlx::{Error, PgConnection, Result, query, query_as};
use uuid::Uuid;

use crate::domain::{Change, ChangeKind, Changes, Moment, Place, Post, UserId};

/// One row of several kinds.
struct Row {
    /// A column of the kinds below.
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

/// Those of the posts that there are, in no order, and what has changed since a moment, with the posts that were written
/// since, `limit` changes at most: all as of one moment, because it is one statement.
///
/// The changes of a transaction that had not ended by the earlier moment are those that can have come since: its id is not
/// below `next`, or it was running.
pub async fn with_posts(
    conn: &mut PgConnection,
    ids: &[Uuid],
    since: &Moment,
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

fn read(rows: Vec<Row>, since: &Moment, limit: i64) -> Result<(Vec<Post>, Changes)> {
    let (mut posts, mut list, mut written, mut until) = (Vec::new(), Vec::new(), Vec::new(), None);
    for row in rows {
        match row.kind {
            POST => posts.push(row.post().ok_or_else(unreadable)?),
            WRITTEN => {
                list.push(row.change(ChangeKind::Written).ok_or_else(unreadable)?);
                // None if it has been deleted again.
                written.extend(row.post());
            }
            DELETED => list.push(row.change(ChangeKind::Deleted).ok_or_else(unreadable)?),
            _ => until = Some(row.moment()?),
        }
    }
    let until: Moment = until.ok_or_else(unreadable)?;
    let is_below_limit = i64::try_from(list.len()).is_ok_and(|length| length < limit);
    let changes = Changes {
        // Another server's transactions have other ids: which of them are news, it cannot tell.
        is_complete: is_below_limit && until.is_of_same_server(since),
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
            place: Place::new(self.created_at?, self.id?),
        })
    }

    fn moment(self) -> Result<Moment> {
        let (Some(snapshot), Some(server_started_at), Some(at)) =
            (self.text, self.created_at, self.edited_at)
        else {
            return Err(unreadable());
        };
        moment(&snapshot, server_started_at, at)
    }
}

fn moment(snapshot: &str, server_started_at: Timestamp, at: Timestamp) -> Result<Moment> {
    Ok(Moment {
        server_started_at,
        at,
        snapshot: snapshot
            .parse()
            .map_err(|error| Error::Decode(Box::new(error)))?,
    })
}

/// The moment that a transaction with one snapshot for all its statements reads.
pub async fn present(conn: &mut PgConnection) -> Result<Moment> {
    let row = query!(
        r#"SELECT pg_current_snapshot()::text AS "snapshot!",
                  pg_postmaster_start_time() AS "server_started_at!",
                  statement_timestamp() AS "at!""#
    )
    .fetch_one(conn)
    .await?;
    moment(&row.snapshot, row.server_started_at, row.at)
}

/// Lets the statements of this transaction take as long as they take.
pub async fn without_time_limit(conn: &mut PgConnection) -> Result<()> {
    query!("SET LOCAL statement_timeout = 0")
        .execute(conn)
        .await
        .map(drop)
}

/// Author and place of every post, author by author.
pub fn all_places(conn: &mut PgConnection) -> impl Stream<Item = Result<(UserId, Place)>> {
    query!(
        "SELECT author_id, created_at, id FROM posts.posts ORDER BY author_id, created_at DESC, id DESC"
    )
    .fetch(conn)
    .map_ok(|row| (row.author_id.into(), Place::new(row.created_at, row.id)))
}

/// Deletes changes that nobody will ask for any more, `limit` at most: those of transactions that had ended by `before`, and
/// those that came with a copy of another server's data, whose transactions this server has not begun yet. How many.
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
