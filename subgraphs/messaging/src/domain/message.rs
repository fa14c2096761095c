use common::Timestamp;

use super::{ConversationId, MessageId, UserId};

/// The most characters an idempotency key may have.
pub const MAX_KEY_LENGTH: usize = 255;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    /// Position in the conversation, from 1, without gaps.
    pub seq: i64,
    pub sender_id: UserId,
    pub text: String,
    /// The people whose handles in the text were known when it was sent, in the order of the text.
    pub mentioned_user_ids: Vec<UserId>,
    /// Never earlier than that of the message before it.
    pub created_at: Timestamp,
}

/// The text of a message: 1 to 4,000 Unicode scalar values.
pub type MessageText = kit::Text<4_000>;

/// What a client calls a message before it has an id, so that sending it again does not store it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// 1 to 255 visible ASCII characters: what an `Idempotency-Key` header can carry as well.
    pub fn parse(key: &str) -> Option<Self> {
        let good =
            (1..=MAX_KEY_LENGTH).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_graphic());
        good.then(|| Self(key.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_has_1_to_255_visible_ascii_characters() {
        for good in [
            "k",
            "~!",
            &"k".repeat(255),
            "018f4e9e-0000-7000-8000-000000000000",
        ] {
            assert!(IdempotencyKey::parse(good).is_some(), "{good}");
        }
        for bad in ["", &"k".repeat(256), "a b", "a\n", "é", "\0"] {
            assert!(IdempotencyKey::parse(bad).is_none(), "{bad:?}");
        }
    }
}
