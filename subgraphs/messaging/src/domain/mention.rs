use common::Timestamp;

use super::{MentionId, MessageId};

/// A message that names a person who may read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    pub id: MentionId,
    pub message_id: MessageId,
    pub created_at: Timestamp,
}
