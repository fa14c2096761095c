//! Seeing conversations.

use common::{
    error::Fault,
    page::{Page, Window},
};
use sqlx::PgConnection;

use super::{App, MessagingError};
use crate::{
    db,
    domain::{Conversation, ConversationId, UserId},
};

impl App {
    /// A page of the viewer's conversations, the one with the latest message first.
    pub async fn inbox(
        &self,
        viewer: UserId,
        window: Window,
    ) -> Result<Page<Conversation>, MessagingError> {
        let mut conn = self.pool.acquire().await?;
        let rows = db::conversations::list(&mut conn, viewer, window.after, window.fetch()).await?;
        Ok(Page::of(rows, window))
    }

    /// Those of the conversations that the viewer takes part in, in no order. One that exists and one that does not look
    /// the same to a stranger: neither is there.
    pub async fn conversations(
        &self,
        viewer: UserId,
        ids: &[ConversationId],
    ) -> Result<Vec<Conversation>, Fault> {
        let mut conn = self.pool.acquire().await?;
        Ok(db::conversations::by_ids(&mut conn, viewer, ids).await?)
    }
}

/// The conversation that a client names, if the user takes part in it.
pub(super) async fn participates(
    conn: &mut PgConnection,
    user: UserId,
    conversation: &str,
) -> Result<ConversationId, MessagingError> {
    let id = ConversationId::parse(conversation).ok_or(MessagingError::ConversationUnknown)?;
    match db::conversations::has_participant(conn, id, user).await? {
        None => Err(MessagingError::ConversationUnknown),
        Some(false) => Err(MessagingError::NotAParticipant),
        Some(true) => Ok(id),
    }
}

/// A conversation that the viewer is known to take part in.
pub(super) async fn as_seen_by(
    conn: &mut PgConnection,
    viewer: UserId,
    id: ConversationId,
) -> Result<Conversation, MessagingError> {
    let found = db::conversations::by_ids(conn, viewer, &[id]).await?;
    Ok(found.into_iter().next().ok_or(sqlx::Error::RowNotFound)?)
}
