//! Typing indicators: passed on, and never stored.

use common::auth::Viewer;

use super::{bus::BusMessage, hub::Typing};
use crate::{
    app::{App, AppError, contacts::ContactCheck, conversations::participates},
    domain::{ConversationId, UserId},
};

/// The name of the audit event of a refusal.
const TYPE: &str = "indicate_typing";

impl App {
    /// Tells the other participant's open streams of the conversation that the viewer types in it.
    pub async fn indicate_typing(
        &self,
        viewer: &Viewer,
        conversation: &str,
    ) -> Result<ConversationId, AppError> {
        let who = UserId::from(viewer.id);
        let existing = {
            let mut conn = self.pool.acquire().await?;
            participates(&mut conn, who, conversation, TYPE).await?
        };
        let to = existing.participants().other(who);
        let check = ContactCheck {
            event: TYPE,
            contact: to,
            existing: Some(existing),
        };
        self.check_contact(viewer, check, &[]).await?;
        let conversation = existing.id;
        self.live.hub.typing(to, Typing { conversation, who });
        self.live.bus.push(BusMessage::Typing {
            conversation: conversation.as_uuid(),
            who: who.as_uuid(),
            to: to.as_uuid(),
        });
        Ok(conversation)
    }
}
