use super::Invalid;

const MIN_LENGTH: usize = 3;
const MAX_LENGTH: usize = 30;

/// A handle: 3 to 30 of the letters a to z, digits and `_`. It is kept as typed, and compared regardless of case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

impl Username {
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let rule = |code, problem: &str| {
            Invalid::new(
                code,
                format!(
                    "{problem} It must have {MIN_LENGTH} to {MAX_LENGTH} characters: letters a to z, digits and _."
                ),
            )
        };
        if !text.bytes().all(is_allowed) {
            return Err(rule(
                "INVALID_FORMAT",
                "The username has characters that are not allowed.",
            ));
        }
        match text.len() {
            0..MIN_LENGTH => Err(rule("TOO_SHORT", "The username is too short.")),
            MIN_LENGTH..=MAX_LENGTH => Ok(Self(text.to_owned())),
            _ => Err(rule("TOO_LONG", "The username is too long.")),
        }
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What the unique index compares.
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

/// The beginning of a handle, folded. Every `_` in it is meant literally.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsernamePrefix(String);

impl UsernamePrefix {
    /// `None` when no handle can begin so.
    pub fn parse(text: &str) -> Option<Self> {
        ((1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_allowed))
            .then(|| Self(text.to_ascii_lowercase()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first text in byte order that is past every handle with this prefix: `{` follows `z`, the last byte a
    /// folded handle can have.
    pub fn end(&self) -> String {
        format!("{}{{", self.0)
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_keeps_its_case_and_is_compared_without_it() {
        let username = Username::parse("Ada_Lovelace1815").unwrap();
        assert_eq!(username.as_str(), "Ada_Lovelace1815");
        assert_eq!(username.folded(), "ada_lovelace1815");
    }

    #[test]
    fn a_handle_has_3_to_30_letters_digits_and_underscores() {
        for (bad, code) in [
            ("", "TOO_SHORT"),
            ("ab", "TOO_SHORT"),
            (&*"a".repeat(31), "TOO_LONG"),
            ("ada lovelace", "INVALID_FORMAT"),
            ("ada-l", "INVALID_FORMAT"),
            ("адa", "INVALID_FORMAT"),
            ("ada\0x", "INVALID_FORMAT"),
            ("100%", "INVALID_FORMAT"),
        ] {
            assert_eq!(Username::parse(bad).unwrap_err().code, code, "{bad:?}");
        }
        assert!(Username::parse("abc").is_ok() && Username::parse(&"a".repeat(30)).is_ok());
    }

    #[test]
    fn a_prefix_ends_after_every_handle_that_has_it_and_before_every_other() {
        let prefix = UsernamePrefix::parse("A_").unwrap();
        let within = |handle: &str| handle >= prefix.as_str() && handle < prefix.end().as_str();
        assert!(within("a_") && within("a_0") && within("a_zzz") && within("a__"));
        assert!(!within("a") && !within("ab") && !within("aa_") && !within("a0_"));
    }

    #[test]
    fn no_handle_begins_with_a_wildcard_or_with_nothing() {
        for nobody in ["", "%", "a%", "\\", "é", " "] {
            assert_eq!(UsernamePrefix::parse(nobody), None, "{nobody:?}");
        }
    }
}
