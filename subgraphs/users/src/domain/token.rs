use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

/// A secret that stands for something by itself: 256 random bits as base64url. Its holder has it; we keep its hash.
#[derive(Debug)]
pub struct Token(SecretString);

impl Token {
    /// A new one, from the thread's cryptographically secure generator.
    pub fn generate() -> Self {
        Self(
            BASE64_URL_SAFE_NO_PAD
                .encode(rand::random::<[u8; 32]>())
                .into(),
        )
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(&self.0)
    }

    pub fn into_secret(self) -> SecretString {
        self.0
    }
}

/// The SHA-256 of a token's text. A token has too many possible values to be guessed, so it needs no slow hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    /// Of whatever somebody presents as a token.
    pub fn of(text: &SecretString) -> Self {
        Self(Sha256::digest(text.expose_secret()).into())
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_256_bits_and_is_found_by_its_hash() {
        let token = Token::generate();
        let hash = token.hash();
        let text = token.into_secret();
        assert_eq!(
            BASE64_URL_SAFE_NO_PAD
                .decode(text.expose_secret())
                .unwrap()
                .len(),
            32
        );
        assert_eq!(TokenHash::of(&text), hash);
        assert_ne!(Token::generate().hash(), hash);
    }

    #[test]
    fn debug_output_shows_no_token() {
        let token = Token::generate();
        assert!(!format!("{token:?}").contains(token.0.expose_secret()));
    }
}
