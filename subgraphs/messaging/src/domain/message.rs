use common::Timestamp;

use super::{ConversationId, MessageId, UserId};

/// The most Unicode scalar values a text may have.
pub const MAX_TEXT_LENGTH: usize = 4_000;
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

/// 1 to 4,000 Unicode scalar values, with no white space around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageText(String);

/// Why a text is not that of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    Missing,
    TooLong {
        /// Unicode scalar values it has.
        length: usize,
    },
    /// It has the character U+0000, which PostgreSQL cannot store.
    Nul,
}

impl MessageText {
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        let length = text.chars().count();
        if length == 0 {
            return Err(TextError::Missing);
        }
        if length > MAX_TEXT_LENGTH {
            return Err(TextError::TooLong { length });
        }
        if text.contains('\0') {
            return Err(TextError::Nul);
        }
        Ok(Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

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
    fn a_text_is_kept_without_the_white_space_around_it() {
        let text = MessageText::parse("\u{2003}\n hello  there\t").unwrap();
        assert_eq!(text.as_str(), "hello  there");
    }

    #[test]
    fn a_text_has_from_1_to_4000_scalar_values_however_many_bytes_they_take() {
        for good in [
            "x".to_owned(),
            "x".repeat(4_000),
            "🦀".repeat(4_000),
            format!(" {} ", "x".repeat(4_000)),
        ] {
            assert!(MessageText::parse(&good).is_ok());
        }
        for blank in ["", " ", "\n\t\u{a0}"] {
            assert_eq!(MessageText::parse(blank), Err(TextError::Missing));
        }
        assert_eq!(
            MessageText::parse(&"🦀".repeat(4_001)),
            Err(TextError::TooLong { length: 4_001 })
        );
    }

    #[test]
    fn a_text_that_cannot_be_stored_is_refused() {
        assert_eq!(MessageText::parse("a\0b"), Err(TextError::Nul));
    }

    #[test]
    fn a_key_has_from_1_to_255_visible_ascii_characters() {
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
