use common::Timestamp;

use super::{PostId, UserId};

/// The most Unicode scalar values a post may have.
pub const MAX_TEXT_LENGTH: usize = 280;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub id: PostId,
    pub author_id: UserId,
    pub text: String,
    pub like_count: i32,
    /// Its place in every list, for ever: an edit does not move a post.
    pub created_at: Timestamp,
    /// `None` until it is edited.
    pub edited_at: Option<Timestamp>,
}

/// 1 to 280 Unicode scalar values, with no white space around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostText(String);

/// Why a text is not that of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// Nothing is left of it without the white space around it.
    Missing,
    TooLong {
        /// Unicode scalar values it has.
        length: usize,
    },
    /// It has the character U+0000, which PostgreSQL cannot store.
    Nul,
}

impl PostText {
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

impl From<PostText> for String {
    fn from(text: PostText) -> Self {
        text.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_trimmed_and_then_has_1_to_280_characters() {
        assert_eq!(
            PostText::parse(" \n hello\u{a0}\t").unwrap().as_str(),
            "hello"
        );
        assert_eq!(PostText::parse(""), Err(TextError::Missing));
        assert_eq!(PostText::parse(" \u{2003}\n"), Err(TextError::Missing));
        assert!(PostText::parse(&"x".repeat(280)).is_ok());
        assert!(PostText::parse(&format!("  {}  ", "x".repeat(280))).is_ok());
        assert_eq!(
            PostText::parse(&"x".repeat(281)),
            Err(TextError::TooLong { length: 281 })
        );
    }

    #[test]
    fn characters_are_unicode_scalar_values_and_not_bytes_or_what_people_see() {
        assert!(PostText::parse(&"🪺".repeat(280)).is_ok());
        // One family on the screen, five scalar values.
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        assert!(PostText::parse(&family.repeat(56)).is_ok());
        assert_eq!(
            PostText::parse(&family.repeat(57)),
            Err(TextError::TooLong { length: 285 })
        );
    }

    #[test]
    fn what_the_database_cannot_store_is_refused() {
        assert_eq!(PostText::parse("a\0b"), Err(TextError::Nul));
        assert!(PostText::parse("line\nbreak").is_ok());
    }
}
