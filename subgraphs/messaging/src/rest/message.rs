//! What messages look like.

use common::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain;

/// A message in a conversation.
#[derive(Serialize, ToSchema)]
pub(super) struct Message {
    id: Uuid,
    conversation_id: Uuid,
    sender_id: Uuid,
    /// 1 to 4,000 characters (Unicode scalar values).
    #[schema(example = "Hello @ada")]
    text: String,
    /// When it was sent; never earlier than the message before it.
    created_at: Timestamp,
    /// Ids of the people whose handles (`@username`) in the text were known when it was sent, in the order of the text.
    mentions: Vec<Uuid>,
}

impl From<domain::Message> for Message {
    fn from(message: domain::Message) -> Self {
        Self {
            id: message.id.as_uuid(),
            conversation_id: message.conversation_id.as_uuid(),
            sender_id: message.sender_id.as_uuid(),
            text: message.text,
            created_at: message.created_at,
            mentions: message
                .mentioned_user_ids
                .iter()
                .map(|id| id.as_uuid())
                .collect(),
        }
    }
}
