//! `messaging.mentions`.

use common::{Timestamp, page::Window};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{Mention, MentionId, Message, UserId};

/// The mentions of the user among these ids, in no order.
pub async fn by_ids(
    conn: &mut PgConnection,
    user: UserId,
    ids: &[MentionId],
) -> sqlx::Result<Vec<Mention>> {
    sqlx::query_as!(
        Mention,
        "SELECT id, message_id, created_at FROM messaging.mentions WHERE id = ANY($1) AND user_id = $2",
        ids as _,
        user as _,
    )
    .fetch_all(conn)
    .await
}

/// Inserts a mention of a participant.
pub async fn insert(
    conn: &mut PgConnection,
    id: MentionId,
    message: &Message,
    user: UserId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "INSERT INTO messaging.mentions (id, message_id, conversation_id, user_id, created_at) VALUES ($1, $2, $3, $4, $5)",
        id as _,
        message.id as _,
        message.conversation_id as _,
        user as _,
        message.created_at as _,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A window of the mentions of a user, latest first.
pub async fn list(
    conn: &mut PgConnection,
    user: UserId,
    window: Window,
) -> sqlx::Result<Vec<Mention>> {
    // A first page starts after a position later than any, so that all pages share one statement.
    sqlx::query_as!(
        Mention,
        "SELECT id, message_id, created_at
         FROM messaging.mentions
         WHERE user_id = $1
           AND (created_at, id)
               < (coalesce($2, 'infinity'::timestamptz), coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid))
         ORDER BY created_at DESC, id DESC
         LIMIT $4 OFFSET $5",
        user as _,
        window.after.map(|position| position.at) as Option<Timestamp>,
        window.after.map(|position| position.id) as Option<Uuid>,
        window.fetch(),
        window.skip(),
    )
    .fetch_all(conn)
    .await
}
