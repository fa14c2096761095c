use common::error::{Class, Code, Violation};

/// A text of 1 to `MAX` Unicode scalar values without surrounding white space.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<const MAX: usize>(String);

/// Why a text was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextError {
    /// The text is empty or only white space.
    Missing { max: usize },
    TooLong {
        /// Number of Unicode scalar values in the text.
        length: usize,
        max: usize,
    },
    /// The text contains U+0000, which PostgreSQL cannot store.
    Nul,
}

impl<const MAX: usize> Text<MAX> {
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let text = text.trim();
        match text.chars().count() {
            0 => Err(TextError::Missing { max: MAX }),
            length if length > MAX => Err(TextError::TooLong { length, max: MAX }),
            _ if text.contains('\0') => Err(TextError::Nul),
            _ => Ok(Self(text.to_owned())),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> From<Text<MAX>> for String {
    fn from(text: Text<MAX>) -> Self {
        text.0
    }
}

impl TextError {
    /// The violation for the input field `text`. `required` and `too_long` are the codes of the context.
    pub fn violation(self, required: Code, too_long: Code) -> Violation {
        let (code, message) = match self {
            Self::Missing { max } => (
                required,
                format!(
                    "The text is empty or only white space; it must have 1 to {max} characters."
                ),
            ),
            Self::TooLong { length, max } => (
                too_long,
                format!("The text has {length} characters; it may have {max} at most."),
            ),
            Self::Nul => {
                return Violation::invalid_field(
                    "text",
                    "MALFORMED",
                    "The text has the character U+0000, which no text may have; leave it out.",
                );
            }
        };
        Violation::new(Class::Unprocessable, code, message).on("text")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Short = Text<280>;

    fn too_long(length: usize) -> Result<Short, TextError> {
        Err(TextError::TooLong { length, max: 280 })
    }

    #[test]
    fn parse_trims_and_accepts_1_to_max_characters() {
        assert_eq!(Short::parse(" \n hello\u{a0}\t").unwrap().as_str(), "hello");
        for empty in ["", " \u{2003}\n"] {
            assert_eq!(Short::parse(empty), Err(TextError::Missing { max: 280 }));
        }
        assert!(Short::parse(&"x".repeat(280)).is_ok());
        assert!(Short::parse(&format!("  {}  ", "x".repeat(280))).is_ok());
        assert_eq!(Short::parse(&"x".repeat(281)), too_long(281));
    }

    #[test]
    fn length_counts_unicode_scalar_values() {
        assert!(Short::parse(&"🪺".repeat(280)).is_ok());
        // One family on the screen, five scalar values.
        let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}";
        assert!(Short::parse(&family.repeat(56)).is_ok());
        assert_eq!(Short::parse(&family.repeat(57)), too_long(285));
    }

    #[test]
    fn parse_rejects_nul_characters() {
        assert_eq!(Short::parse("a\0b"), Err(TextError::Nul));
        assert!(Short::parse("line\nbreak").is_ok());
    }
}
