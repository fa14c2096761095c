use secrecy::{ExposeSecret, SecretString};

use super::Invalid;

const MIN_CHARS: usize = 8;
const MAX_CHARS: usize = 128;

/// A password somebody chose. Nothing but its length is asked for (NIST SP 800-63B, 3.1.1.2: no rules of composition).
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// Characters are Unicode scalar values; spaces count and stay.
    pub fn parse(text: SecretString) -> Result<Self, Invalid> {
        // Anything of more bytes than this has too many characters; counting need not walk it.
        let chars = match text.expose_secret() {
            text if text.len() > MAX_CHARS * char::MAX_LEN_UTF8 => usize::MAX,
            text => text.chars().count(),
        };
        let message = || format!("The password must have {MIN_CHARS} to {MAX_CHARS} characters.");
        match chars {
            0..MIN_CHARS => Err(Invalid::new("TOO_SHORT", message())),
            MIN_CHARS..=MAX_CHARS => Ok(Self(text)),
            _ => Err(Invalid::new("TOO_LONG", message())),
        }
    }

    pub fn into_secret(self) -> SecretString {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_has_8_to_128_characters() {
        let parse = |text: String| Password::parse(text.into()).map_err(|invalid| invalid.code);
        assert_eq!(parse("1234567".to_owned()).unwrap_err(), "TOO_SHORT");
        assert!(parse("12345678".to_owned()).is_ok());
        assert!(parse("🪺".repeat(128)).is_ok());
        assert_eq!(parse("🪺".repeat(129)).unwrap_err(), "TOO_LONG");
        assert_eq!(parse("a".repeat(129)).unwrap_err(), "TOO_LONG");
        assert_eq!(parse("a".repeat(100_000)).unwrap_err(), "TOO_LONG");
    }

    #[test]
    fn debug_output_shows_no_password() {
        let password = Password::parse("correct horse battery".into()).unwrap();
        assert!(!format!("{password:?}").contains("horse"));
    }
}
