//! `messaging.messages`.

use sqlx::PgConnection;

use crate::domain::{ConversationId, IdempotencyKey, Message, MessageId, UserId};

/// Those of the messages that the viewer may read, in no order.
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

/// A part of a conversation: up to `limit` messages after the position `after`.
#[derive(Clone, Copy, Debug)]
pub struct Stretch {
    pub conversation: ConversationId,
    pub after: i64,
    pub limit: i64,
}

/// The messages of several stretches, each with the index of its stretch, by stretch and then oldest first. Stretches of
/// conversations that the viewer takes no part in are empty.
pub async fn stretches(
    conn: &mut PgConnection,
    viewer: UserId,
    stretches: &[Stretch],
) -> sqlx::Result<Vec<(usize, Message)>> {
    let conversations: Vec<_> = stretches.iter().map(|s| s.conversation).collect();
    let afters: Vec<_> = stretches.iter().map(|s| s.after).collect();
    let limits: Vec<_> = stretches.iter().map(|s| s.limit).collect();
    let rows = sqlx::query!(
        r#"SELECT stretch.number AS "number!", m.id, m.conversation_id, m.seq, m.sender_id, m.text,
                  m.mentioned_user_ids, m.created_at
           FROM unnest($2::uuid[], $3::bigint[], $4::bigint[])
                WITH ORDINALITY AS stretch (conversation_id, after_seq, row_limit, number)
           JOIN messaging.participants p ON p.conversation_id = stretch.conversation_id AND p.user_id = $1
           CROSS JOIN LATERAL (
               SELECT * FROM messaging.messages
               WHERE conversation_id = stretch.conversation_id AND seq > stretch.after_seq
               ORDER BY seq
               LIMIT stretch.row_limit
           ) m
           ORDER BY stretch.number, m.seq"#,
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

/// Where a message is.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub seq: i64,
}

/// Where messages are; those that do not exist are left out.
pub async fn places(conn: &mut PgConnection, ids: &[MessageId]) -> sqlx::Result<Vec<Place>> {
    sqlx::query_as!(
        Place,
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
