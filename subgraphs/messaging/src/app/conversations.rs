//! Seeing conversations.

use std::collections::HashMap;

use common::{
    audit,
    auth::Viewer,
    error::Fault,
    page::{Page, Window},
};
use sqlx::PgConnection;

use super::{App, AppError, Result, ShownConversation, access};
use crate::{
    db::{self, conversations::ConversationAccess},
    domain::{Conversation, ConversationId, UserId},
};

impl App {
    /// A page of the viewer's conversations, the one with the latest message first.
    pub async fn inbox(&self, viewer: UserId, window: Window) -> Result<Page<Conversation>> {
        let mut conn = self.pool.acquire().await?;
        let rows = db::conversations::list(&mut conn, viewer, window).await?;
        Ok(Page::of(rows, window))
    }

    /// The same page with the other participant of each conversation and its latest message: one question each, however
    /// many conversations.
    pub async fn shown_inbox(
        &self,
        viewer: &Viewer,
        window: Window,
    ) -> Result<Page<ShownConversation>> {
        let me = UserId::from(viewer.id);
        let page = self.inbox(me, window).await?;
        let others: Vec<UserId> = page
            .items
            .iter()
            .map(|c| c.participants().other(me))
            .collect();
        let latest: Vec<_> = page
            .items
            .iter()
            .filter_map(|c| c.latest_message_id)
            .collect();
        let (people, messages) =
            tokio::join!(self.people(viewer, &others), self.messages(me, &latest));
        let messages: HashMap<_, _> = messages?
            .into_iter()
            .map(|message| (message.id, message))
            .collect();
        Ok(page.map(|conversation| {
            let other_id = conversation.participants().other(me);
            let latest = conversation.latest_message_id;
            ShownConversation {
                other_id,
                other: people.get(&other_id).cloned(),
                latest_message: latest.and_then(|id| messages.get(&id).cloned()),
                conversation,
            }
        }))
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

/// The conversation that a client names, if the user takes part in it. Somebody else's attempt is written down as `event`.
pub(super) async fn participates(
    conn: &mut PgConnection,
    user: UserId,
    conversation: &str,
    event: &'static str,
) -> Result<ConversationAccess> {
    let id = ConversationId::parse(conversation).ok_or(AppError::ConversationNotFound)?;
    let found = db::conversations::access_by_id(conn, id)
        .await?
        .ok_or(AppError::ConversationNotFound)?;
    access::take_part(user, found.participants()).inspect_err(|_refused| {
        audit::Event::new(event, &user, &id).denied("NOT_A_PARTICIPANT");
    })?;
    Ok(found)
}

/// A conversation that the viewer is known to take part in.
pub(super) async fn as_seen_by(
    conn: &mut PgConnection,
    viewer: UserId,
    id: ConversationId,
) -> Result<Conversation> {
    let found = db::conversations::by_ids(conn, viewer, &[id]).await?;
    Ok(found.into_iter().next().ok_or(sqlx::Error::RowNotFound)?)
}
