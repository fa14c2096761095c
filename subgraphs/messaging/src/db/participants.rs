//! `messaging.participants`.

use common::Timestamp;
use sqlx::PgConnection;

use crate::domain::{ConversationId, Message, Pair, UserId};

/// Inserts the two participants of a new conversation.
pub async fn insert(
    conn: &mut PgConnection,
    conversation: ConversationId,
    pair: Pair,
    at: Timestamp,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO messaging.participants (conversation_id, user_id, updated_at) VALUES ($1, $2, $4), ($1, $3, $4)",
        conversation as _,
        pair.low as _,
        pair.high as _,
        at as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Counts a new message as unread for its recipient and moves the conversation up in both inboxes.
pub async fn receive(conn: &mut PgConnection, message: &Message) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE messaging.participants
         SET unread_count = unread_count + (user_id <> $2)::integer, updated_at = $3
         WHERE conversation_id = $1",
        message.conversation_id as _,
        message.sender_id as _,
        message.created_at as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Locks how far a participant has read until the end of the transaction, and returns it: a position.
pub async fn lock_last_read(
    conn: &mut PgConnection,
    conversation: ConversationId,
    user: UserId,
) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "SELECT last_read_seq FROM messaging.participants WHERE conversation_id = $1 AND user_id = $2 FOR NO KEY UPDATE",
        conversation as _,
        user as _,
    )
    .fetch_one(conn)
    .await
}

/// Sets how far a participant has read, and counts what is left. The row must be locked by an earlier statement of the
/// transaction: then every message counted in `unread_count` so far is visible to this one, and every other message is
/// counted when its transaction gets the lock.
pub async fn set_last_read(
    conn: &mut PgConnection,
    conversation: ConversationId,
    user: UserId,
    seq: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE messaging.participants
         SET last_read_seq = $3,
             unread_count = (
                 SELECT count(*) FROM messaging.messages
                 WHERE conversation_id = $1 AND seq > $3 AND sender_id <> $2
             )
         WHERE conversation_id = $1 AND user_id = $2",
        conversation as _,
        user as _,
        seq,
    )
    .execute(conn)
    .await?;
    Ok(())
}
