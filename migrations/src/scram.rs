use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac, pbkdf2, rand};
use base64::{Engine, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};

/// What PostgreSQL itself uses by default (`scram_iterations`).
const ITERATIONS: NonZeroU32 = NonZeroU32::new(4096).unwrap();
const SALT_BYTES: usize = 16;

/// Why a password cannot be used for a role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("at least 8 printable ASCII characters")]
pub struct Unusable;

/// What the server stores in place of a password (RFC 5803). The password itself never leaves this process, so no
/// statement log and no `pg_stat_activity` can show it.
#[derive(Clone)]
pub struct PasswordVerifier(String);

impl PasswordVerifier {
    /// Printable ASCII only: for it `SASLprep` (RFC 4013) changes nothing, and a password in a URL stays readable.
    pub fn of(password: &SecretString) -> Result<Self, Unusable> {
        let password = password.expose_secret();
        if password.len() < 8 || !password.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Unusable);
        }
        let mut salt = [0; SALT_BYTES];
        rand::fill(&mut salt).map_err(|_no_randomness| Unusable)?;
        Ok(Self(verifier(password, &salt)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`, the names as in RFC 5802, section 3.
fn verifier(password: &str, salt: &[u8]) -> String {
    let mut salted = [0; digest::SHA256_OUTPUT_LEN];
    pbkdf2::derive(
        pbkdf2::PBKDF2_HMAC_SHA256,
        ITERATIONS,
        salt,
        password.as_bytes(),
        &mut salted,
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, &salted);
    let stored = digest::digest(&digest::SHA256, hmac::sign(&key, b"Client Key").as_ref());
    let server = hmac::sign(&key, b"Server Key");
    format!(
        "SCRAM-SHA-256${ITERATIONS}:{}${}:{}",
        STANDARD.encode(salt),
        STANDARD.encode(stored),
        STANDARD.encode(server)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_verifier_is_the_one_that_postgresql_makes() {
        // Taken from pg_authid of a server 15.18 after CREATE ROLE … PASSWORD 'correct-horse'.
        let salt = STANDARD.decode("/HJETS762QcAX17EDbBhpg==").unwrap();
        assert_eq!(
            verifier("correct-horse", &salt),
            "SCRAM-SHA-256$4096:/HJETS762QcAX17EDbBhpg==$1klFQWQmaY9E4OeluEpeiaVexbdXFbtXHkOA5JSSs/w=:KbLPdFIZfG2gUjPKiXez9N6CUM6LYz+KhHBcXlWrZ8U="
        );
    }

    #[test]
    fn two_verifiers_of_one_password_differ_by_their_salt() {
        let password = SecretString::from("correct-horse");
        let (one, two) = (
            PasswordVerifier::of(&password).unwrap(),
            PasswordVerifier::of(&password).unwrap(),
        );
        assert_ne!(one.as_str(), two.as_str());
    }

    #[test]
    fn short_and_non_ascii_passwords_are_refused() {
        for password in ["", "seven77", "with space", "pässwörter", "line\nfeeds"] {
            assert!(PasswordVerifier::of(&SecretString::from(password)).is_err());
        }
    }
}
