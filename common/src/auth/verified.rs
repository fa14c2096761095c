//! Tokens whose signature has been verified. A client sends the same one with each request for a quarter of an hour, and
//! verifying it costs more than most of what is then done for it.
//!
//! What is remembered is what cannot change: that this text, named by its SHA-256, was signed with this key, and says
//! this. What can change is asked at every use: whether the key is still accepted ([`Verified::find`]), and the time
//! (`Verifier::verify`). A token that was refused is not remembered.

use std::{sync::Arc, time::Duration};

use moka::sync::Cache;
use sha2::{Digest, Sha256};

use super::{claims::Claims, keyring::Keyring, keys::PublicKey};

/// A token, its claims and what the cache keeps of both are some 600 bytes: 10 MiB at most, for the people who sent
/// requests within a quarter of an hour. When there are more, the tokens that are used least are verified again.
const CAPACITY: u64 = 16_384;
/// As long as tokens of ours are good: what a token says of somebody is not kept much longer than the token.
const KEPT: Duration = Duration::from_mins(15);

/// Names a token. The token itself is not kept.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 32]);

impl Fingerprint {
    pub(super) fn of(token: &str) -> Self {
        Self(Sha256::digest(token).into())
    }
}

#[derive(Clone)]
struct Genuine {
    claims: Arc<Claims>,
    /// What the token was verified with.
    key: Arc<PublicKey>,
}

/// The tokens. All clones share them.
#[derive(Clone)]
pub(super) struct Verified(Cache<Fingerprint, Genuine>);

impl Verified {
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    fn with_capacity(tokens: u64) -> Self {
        let cache = Cache::builder().max_capacity(tokens).time_to_live(KEPT);
        Self(cache.build())
    }

    /// What the token says, if it was verified with a key that is among these now: the very key, not another one under
    /// its id.
    pub(super) fn find(&self, token: &Fingerprint, keys: &Keyring) -> Option<Arc<Claims>> {
        let Genuine { claims, key } = self.0.get(token)?;
        keys.accepts(&key).then_some(claims)
    }

    pub(super) fn remember(&self, token: Fingerprint, claims: Arc<Claims>, key: Arc<PublicKey>) {
        self.0.insert(token, Genuine { claims, key });
    }
}

#[cfg(test)]
#[path = "verified_tests.rs"]
mod tests;
