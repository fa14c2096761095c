//! The lists of this context: their cursors, and the place of an item in each, the same in both APIs.

use common::page::{CursorKind, Keyset};

use crate::domain::{Conversation, Mention, Message};

pub const CONVERSATIONS: CursorKind = CursorKind(b'c');
pub const MESSAGES: CursorKind = CursorKind(b'm');
pub const MENTIONS: CursorKind = CursorKind(b'n');

pub fn place_of_conversation(conversation: &Conversation) -> Keyset {
    Keyset {
        at: conversation.updated_at,
        id: conversation.id.as_uuid(),
    }
}

pub fn place_of_message(message: &Message) -> Keyset {
    Keyset {
        at: message.created_at,
        id: message.id.as_uuid(),
    }
}

pub fn place_of_mention(mention: &Mention) -> Keyset {
    Keyset {
        at: mention.created_at,
        id: mention.id.as_uuid(),
    }
}
