//! What conversations, messages and mentions are, and which texts, keys and handles are good.

mod conversation;
mod handle;
mod id;
mod mention;
mod message;

pub use conversation::{Conversation, Pair};
pub use handle::{Handle, MAX_HANDLES, handles};
pub use id::{ConversationId, MentionId, MessageId};
pub use kit::{UserId, UserSummary};
pub use mention::Mention;
pub use message::{IdempotencyKey, MAX_KEY_LENGTH, Message, MessageText};
