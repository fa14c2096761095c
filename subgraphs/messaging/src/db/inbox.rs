//! `messaging.inboxes` and `messaging.inbox_entries`: the messages that arrive for a user, by position.

use sqlx::PgConnection;

use crate::domain::{MentionId, MessageId, UserId};

/// The position of the latest message of a user; 0 when there is none.
pub async fn last_seq(conn: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    let last = sqlx::query_scalar!(
        "SELECT last_seq FROM messaging.inboxes WHERE user_id = $1",
        user as _
    )
    .fetch_optional(conn)
    .await?;
    Ok(last.unwrap_or_default())
}

/// The positions of the latest messages of many users; users without messages are left out.
pub async fn last_seqs(
    conn: &mut PgConnection,
    users: &[UserId],
) -> sqlx::Result<Vec<(UserId, i64)>> {
    let rows = sqlx::query!(
        "SELECT user_id, last_seq FROM messaging.inboxes WHERE user_id = ANY($1)",
        users as _
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.user_id, row.last_seq))
        .collect())
}

/// The position of a message in a user's inbox; `None` when the inbox does not have it.
pub async fn position(
    conn: &mut PgConnection,
    user: UserId,
    message: MessageId,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "SELECT seq FROM messaging.inbox_entries WHERE message_id = $1 AND user_id = $2",
        message as _,
        user as _,
    )
    .fetch_optional(conn)
    .await
}

/// The position of a mention's message in the inbox of the mentioned user; `None` when it mentions another user.
pub async fn position_of_mention(
    conn: &mut PgConnection,
    user: UserId,
    mention: MentionId,
) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "SELECT e.seq FROM messaging.mentions m
         JOIN messaging.inbox_entries e ON e.message_id = m.message_id AND e.user_id = m.user_id
         WHERE m.id = $1 AND m.user_id = $2",
        mention as _,
        user as _,
    )
    .fetch_optional(conn)
    .await
}

/// A message that arrived.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub seq: i64,
    pub message_id: MessageId,
    /// The mention of the user in it, if any.
    pub mention_id: Option<MentionId>,
}

/// The entries of a user's inbox after a position, in order, at most `limit`.
pub async fn after(
    conn: &mut PgConnection,
    user: UserId,
    position: i64,
    limit: i64,
) -> sqlx::Result<Vec<Entry>> {
    sqlx::query_as!(
        Entry,
        r#"SELECT e.seq, e.message_id, m.id AS "mention_id?"
           FROM messaging.inbox_entries e
           LEFT JOIN messaging.mentions m ON m.message_id = e.message_id AND m.user_id = e.user_id
           WHERE e.user_id = $1 AND e.seq > $2
           ORDER BY e.seq
           LIMIT $3"#,
        user as _,
        position,
        limit,
    )
    .fetch_all(conn)
    .await
}
