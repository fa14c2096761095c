//! Access tokens: JWT, RS256 only, verified locally by everyone (docs/adr/0003-rs256-tokens.md).

mod claims;
mod environment;
mod identity;
mod keyring;
mod keys;
mod token;
mod verified;

pub use claims::Claims;
pub use environment::IssuerKeys;
pub use identity::{Identity, Viewer, unauthenticated};
pub use keyring::{Keyring, Pace};
pub use keys::{KeyError, KeyPair, PublicKeys};
pub use token::{Issuer, Signer, TokenError, Verifier};

use std::sync::Once;

use jsonwebtoken::crypto::aws_lc;

/// Chooses the cryptography behind `jsonwebtoken`. The router's engine compiles a second back end in, and the library
/// panics when two are there and none is chosen. Safe to call any number of times.
pub fn install_crypto() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that another part of the process chose one already, which is as good.
        let _ = aws_lc::DEFAULT_PROVIDER.install_default();
    });
}
