//! Word that somebody types: passed on, and never stored.

use common::auth::Viewer;

use super::word::Word;
use crate::{
    app::{App, AppError, contacts::Errand, conversations::participates},
    domain::{ConversationId, UserId},
};

/// How a refusal is written down.
const TYPE: &str = "indicate_typing";

/// Somebody types in a conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Typing {
    pub conversation: ConversationId,
    pub who: UserId,
}

impl App {
    /// Tells the other participant, if they watch the conversation at this moment, that the viewer types in it.
    pub async fn indicate_typing(
        &self,
        viewer: &Viewer,
        conversation: &str,
    ) -> Result<ConversationId, AppError> {
        let who = UserId::from(viewer.id);
        let standing = {
            let mut conn = self.pool.acquire().await?;
            participates(&mut conn, who, conversation, TYPE).await?
        };
        let to = standing.participants().other(who);
        let errand = Errand {
            event: TYPE,
            contact: to,
            existing: Some(standing),
        };
        self.ask_before(viewer, errand, &[]).await?;
        let conversation = standing.id;
        self.live.hub.typing(to, Typing { conversation, who });
        self.live.outbox.put(Word::Typing {
            conversation: conversation.as_uuid(),
            who: who.as_uuid(),
            to: to.as_uuid(),
        });
        Ok(conversation)
    }
}
