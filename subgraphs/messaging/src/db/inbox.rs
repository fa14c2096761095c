//! `messaging.inboxes` and `messaging.inbox_entries`: all that arrives for a person, by position.

use sqlx::PgConnection;

use crate::domain::{MentionId, MessageId, UserId};

/// The position of the latest message of a person; 0 when there is none.
pub async fn last(conn: &mut PgConnection, user: UserId) -> sqlx::Result<i64> {
    let last = sqlx::query_scalar!(
        "SELECT last_seq FROM messaging.inboxes WHERE user_id = $1",
        user as _
    )
    .fetch_optional(conn)
    .await?;
    Ok(last.unwrap_or_default())
}

/// The same for many people; those for whom nothing ever arrived are left out.
pub async fn last_of_all(
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

/// Where a message is in a person's inbox; `None` when it is not in it.
pub async fn place(
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

/// Where the message of a mention is in the inbox of whom it mentions; `None` when it is no mention of theirs.
pub async fn place_of_mention(
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

/// Something that arrived.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub seq: i64,
    pub message_id: MessageId,
    /// If it mentions the person.
    pub mention_id: Option<MentionId>,
}

/// What arrived for a person after a position, in order: up to `limit` entries.
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
