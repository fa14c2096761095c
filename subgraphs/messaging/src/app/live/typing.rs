//! Word that somebody types: passed on, and never stored.

use common::auth::Viewer;

use super::word::Word;
use crate::{
    app::{App, MessagingError, access, conversations::participates},
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
    /// Tells the other participant, if they watch the conversation at this moment, that the viewer types in it. Whether a
    /// block keeps the two apart is taken as last heard: nobody is asked for something this fleeting.
    pub async fn indicate_typing(
        &self,
        viewer: &Viewer,
        conversation: &str,
    ) -> Result<ConversationId, MessagingError> {
        let who = UserId(viewer.id);
        let standing = {
            let mut conn = self.pool.acquire().await?;
            participates(&mut conn, who, conversation, TYPE).await?
        };
        access::write_while(standing.blocked)?;
        let to = standing.participants().other(who);
        let conversation = standing.id;
        self.live.hub.typing(to, Typing { conversation, who });
        self.live.outbox.put(Word::Typing {
            conversation: conversation.0,
            who: who.0,
            to: to.0,
        });
        Ok(conversation)
    }
}
