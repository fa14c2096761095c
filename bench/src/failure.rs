//! Why a command stopped.

use std::fmt;

/// In words for whoever ran the command. Deliberately no `std::error::Error`, so that every error becomes one by `?`.
#[derive(Debug)]
pub struct Failure(String);

/// What a command gives.
pub type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure that these words describe.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut words = error.to_string();
        let mut cause = error.source();
        while let Some(inner) = cause {
            let text = inner.to_string();
            if !words.contains(&text) {
                words = format!("{words}: {text}");
            }
            cause = inner.source();
        }
        Self(words)
    }
}
