//! `messaging.conversations`.

use common::{Timestamp, page::Window};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Conversation, ConversationId, Message, Pair, UserId};

/// The conversations that the viewer takes part in, in no order.
pub async fn by_ids(
    conn: &mut PgConnection,
    viewer: UserId,
    ids: &[ConversationId],
) -> sqlx::Result<Vec<Conversation>> {
    sqlx::query_as!(
        Conversation,
        "SELECT c.id, c.low_user_id, c.high_user_id, c.last_message_id AS latest_message_id, p.unread_count, c.updated_at
         FROM messaging.conversations c
         JOIN messaging.participants p ON p.conversation_id = c.id
         WHERE c.id = ANY($1) AND p.user_id = $2",
        ids as _,
        viewer as _,
    )
    .fetch_all(conn)
    .await
}

/// A window of the viewer's conversations, latest first.
pub async fn list(
    conn: &mut PgConnection,
    viewer: UserId,
    window: Window,
) -> sqlx::Result<Vec<Conversation>> {
    // A first page starts after a position later than any, so that all pages share one statement.
    sqlx::query_as!(
        Conversation,
        "SELECT c.id, c.low_user_id, c.high_user_id, c.last_message_id AS latest_message_id, p.unread_count, p.updated_at
         FROM messaging.participants p
         JOIN messaging.conversations c ON c.id = p.conversation_id
         WHERE p.user_id = $1
           AND (p.updated_at, p.conversation_id)
               < (coalesce($2, 'infinity'::timestamptz), coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
         ORDER BY p.updated_at DESC, p.conversation_id DESC
         LIMIT $4 OFFSET $5",
        viewer as _,
        window.after.map(|position| position.at) as Option<Timestamp>,
        window.after.map(|position| position.id) as Option<Uuid>,
        window.fetch(),
        window.skip(),
    )
    .fetch_all(conn)
    .await
}

/// The participants of a conversation and its block state: what decides who may read and write.
#[derive(Clone, Copy, Debug)]
pub struct ConversationAccess {
    pub id: ConversationId,
    low_user_id: UserId,
    high_user_id: UserId,
    /// Whether one participant blocked the other when the users service last answered.
    pub blocked: bool,
}

impl ConversationAccess {
    pub fn participants(&self) -> Pair {
        Pair {
            low: self.low_user_id,
            high: self.high_user_id,
        }
    }
}

/// The access data of a conversation, without a check of the viewer.
pub async fn access_by_id(
    conn: &mut PgConnection,
    id: ConversationId,
) -> sqlx::Result<Option<ConversationAccess>> {
    sqlx::query_as!(
        ConversationAccess,
        "SELECT id, low_user_id, high_user_id, blocked FROM messaging.conversations WHERE id = $1",
        id as _,
    )
    .fetch_optional(conn)
    .await
}

/// The access data of the conversation of two users, if they have one.
pub async fn access_by_pair(
    conn: &mut PgConnection,
    pair: Pair,
) -> sqlx::Result<Option<ConversationAccess>> {
    sqlx::query_as!(
        ConversationAccess,
        "SELECT id, low_user_id, high_user_id, blocked FROM messaging.conversations
         WHERE low_user_id = $1 AND high_user_id = $2",
        pair.low as _,
        pair.high as _,
    )
    .fetch_optional(conn)
    .await
}

/// Stores whether one participant blocks the other.
pub async fn set_blocked(
    conn: &mut PgConnection,
    id: ConversationId,
    blocked: bool,
) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE messaging.conversations SET blocked = $2 WHERE id = $1 AND blocked <> $2",
        id as _,
        blocked,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Inserts a conversation; returns `false` if the two users have one. Waits for a concurrent transaction that inserts it.
pub async fn insert(
    conn: &mut PgConnection,
    id: ConversationId,
    pair: Pair,
    at: Timestamp,
) -> sqlx::Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO messaging.conversations (id, low_user_id, high_user_id, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $4)
         ON CONFLICT ON CONSTRAINT conversations_pair_key DO NOTHING",
        id as _,
        pair.low as _,
        pair.high as _,
        at as _,
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The end of a locked conversation.
#[derive(Clone, Copy, Debug)]
pub struct ConversationHead {
    low_user_id: UserId,
    high_user_id: UserId,
    /// The position of the latest message; 0 when there is none.
    pub last_seq: i64,
    pub updated_at: Timestamp,
}

impl ConversationHead {
    pub fn participants(&self) -> Pair {
        Pair {
            low: self.low_user_id,
            high: self.high_user_id,
        }
    }
}

/// The position of the latest message of a conversation; 0 when there is none.
pub async fn last_seq(conn: &mut PgConnection, id: ConversationId) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        "SELECT last_seq FROM messaging.conversations WHERE id = $1",
        id as _
    )
    .fetch_one(conn)
    .await
}

/// Locks a conversation until the end of the transaction, so that no other message gets the next position.
pub async fn lock(conn: &mut PgConnection, id: ConversationId) -> sqlx::Result<ConversationHead> {
    sqlx::query_as!(
        ConversationHead,
        "SELECT low_user_id, high_user_id, last_seq, updated_at FROM messaging.conversations
         WHERE id = $1 FOR NO KEY UPDATE",
        id as _,
    )
    .fetch_one(conn)
    .await
}

/// Makes a message the latest of its conversation, which the transaction must have locked.
pub async fn set_latest(conn: &mut PgConnection, message: &Message) -> sqlx::Result<()> {
    sqlx::query!(
        "UPDATE messaging.conversations SET last_seq = $2, last_message_id = $3, updated_at = $4 WHERE id = $1",
        message.conversation_id as _,
        message.seq,
        message.id as _,
        message.created_at as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}
