//! What messages and people look like.

use common::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{app::ports::KnownUser, domain};

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

/// Somebody, in short.
#[derive(Serialize, ToSchema)]
pub(super) struct UserSummary {
    id: Uuid,
    #[schema(example = "ada")]
    username: String,
    #[schema(required, example = "Ada Lovelace")]
    display_name: Option<String>,
    #[schema(required, example = "https://example.com/ada.png")]
    avatar_url: Option<String>,
}

impl From<domain::Message> for Message {
    fn from(message: domain::Message) -> Self {
        Self {
            id: message.id.0,
            conversation_id: message.conversation_id.0,
            sender_id: message.sender_id.0,
            text: message.text,
            created_at: message.created_at,
            mentions: message.mentioned_user_ids.iter().map(|id| id.0).collect(),
        }
    }
}

impl From<KnownUser> for UserSummary {
    fn from(user: KnownUser) -> Self {
        Self {
            id: user.id.0,
            username: user.username,
            display_name: user.display_name,
            avatar_url: user.avatar_url,
        }
    }
}
