//! Marking messages as read.

use super::{
    App, AppError, Result,
    conversations::{as_seen_by, participates},
};
use crate::{
    db,
    domain::{Conversation, MessageId, UserId},
};

/// How far a client says that its user has read, as it came.
#[derive(Clone, Debug)]
pub struct MarkRead {
    pub conversation_id: String,
    /// The latest message that was read.
    pub message_id: String,
}

impl App {
    /// Marks a message and everything before it as read. The mark moves forward only, so that a late or repeated request
    /// changes nothing.
    pub async fn mark_read(&self, viewer: UserId, request: &MarkRead) -> Result<Conversation> {
        let mut tx = self.pool.begin().await?;
        let conversation = &request.conversation_id;
        let conversation = participates(&mut tx, viewer, conversation, "mark_conversation_read")
            .await?
            .id;
        let message = MessageId::parse(&request.message_id).ok_or(AppError::MessageElsewhere)?;
        let seq = db::messages::positions(&mut tx, &[message])
            .await?
            .into_iter()
            .find(|position| position.conversation == conversation)
            .ok_or(AppError::MessageElsewhere)?
            .seq;
        if seq > db::participants::lock_last_read(&mut tx, conversation, viewer).await? {
            db::participants::set_last_read(&mut tx, conversation, viewer, seq).await?;
        }
        let conversation = as_seen_by(&mut tx, viewer, conversation).await?;
        tx.commit().await?;
        Ok(conversation)
    }
}
