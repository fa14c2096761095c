//! `messaging.messages`.

use sqlx::PgConnection;

use crate::domain::{ConversationId, IdempotencyKey, Message, MessageId, UserId};

/// The messages that the viewer may read, in no order.
pub async fn by_ids(
    conn: &mut PgConnection,
    viewer: UserId,
    ids: &[MessageId],
) -> sqlx::Result<Vec<Message>> {
    sqlx::query_as!(
        Message,
        "SELECT m.id, m.conversation_id, m.seq, m.sender_id, m.text, m.mentioned_user_ids, m.created_at
         FROM messaging.messages m
         JOIN messaging.participants p ON p.conversation_id = m.conversation_id
         WHERE m.id = ANY($1) AND p.user_id = $2",
        ids as _,
        viewer as _,
    )
    .fetch_all(conn)
    .await
}

/// A range of a conversation: at most `limit` messages after the position `after`.
#[derive(Clone, Copy, Debug)]
pub struct SeqRange {
    pub conversation: ConversationId,
    pub after: i64,
    pub limit: i64,
}

/// The messages of several ranges, each with the index of its range, by range and then oldest first. Ranges of
/// conversations that the viewer does not take part in are empty.
pub async fn in_ranges(
    conn: &mut PgConnection,
    viewer: UserId,
    ranges: &[SeqRange],
) -> sqlx::Result<Vec<(usize, Message)>> {
    let conversations: Vec<_> = ranges.iter().map(|s| s.conversation).collect();
    let afters: Vec<_> = ranges.iter().map(|s| s.after).collect();
    let limits: Vec<_> = ranges.iter().map(|s| s.limit).collect();
    let rows = sqlx::query!(
        r#"SELECT wanted.number AS "number!", m.id, m.conversation_id, m.seq, m.sender_id, m.text,
                  m.mentioned_user_ids, m.created_at
           FROM unnest($2::uuid[], $3::bigint[], $4::bigint[])
                WITH ORDINALITY AS wanted (conversation_id, after_seq, row_limit, number)
           JOIN messaging.participants p ON p.conversation_id = wanted.conversation_id AND p.user_id = $1
           CROSS JOIN LATERAL (
               SELECT * FROM messaging.messages
               WHERE conversation_id = wanted.conversation_id AND seq > wanted.after_seq
               ORDER BY seq
               LIMIT wanted.row_limit
           ) m
           ORDER BY wanted.number, m.seq"#,
        viewer as _,
        conversations as _,
        &afters,
        &limits,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            // Ordinality counts from 1.
            let index = usize::try_from(row.number - 1)
                .map_err(|error| sqlx::Error::Decode(error.into()))?;
            let message = Message {
                id: row.id,
                conversation_id: row.conversation_id,
                seq: row.seq,
                sender_id: row.sender_id,
                text: row.text,
                mentioned_user_ids: row.mentioned_user_ids,
                created_at: row.created_at,
            };
            Ok((index, message))
        })
        .collect()
}

/// The conversation and the position of a message.
#[derive(Clone, Copy, Debug)]
pub struct MessagePosition {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub seq: i64,
}

/// The positions of messages; messages that do not exist are left out.
pub async fn positions(
    conn: &mut PgConnection,
    ids: &[MessageId],
) -> sqlx::Result<Vec<MessagePosition>> {
    sqlx::query_as!(
        MessagePosition,
        "SELECT id, conversation_id AS conversation, seq FROM messaging.messages WHERE id = ANY($1)",
        ids as _,
    )
    .fetch_all(conn)
    .await
}

/// The message that a sender stored under a key in a conversation.
pub async fn by_key(
    conn: &mut PgConnection,
    sender: UserId,
    conversation: ConversationId,
    key: &IdempotencyKey,
) -> sqlx::Result<Option<Message>> {
    sqlx::query_as!(
        Message,
        "SELECT id, conversation_id, seq, sender_id, text, mentioned_user_ids, created_at
         FROM messaging.messages
         WHERE sender_id = $1 AND conversation_id = $2 AND idempotency_key = $3",
        sender as _,
        conversation as _,
        key.as_str(),
    )
    .fetch_optional(conn)
    .await
}

pub async fn insert(
    conn: &mut PgConnection,
    message: &Message,
    key: Option<&IdempotencyKey>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO messaging.messages
             (id, conversation_id, seq, sender_id, text, mentioned_user_ids, idempotency_key, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        message.id as _,
        message.conversation_id as _,
        message.seq,
        message.sender_id as _,
        message.text,
        message.mentioned_user_ids as _,
        key.map(IdempotencyKey::as_str),
        message.created_at as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}
