//! Signing and verifying access tokens, after RFC 8725: one algorithm, everything checked, one answer for all failures.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use reqwest::Url;
use secrecy::SecretString;
use tokio::sync::watch;

use super::{
    claims::Claims,
    keyring::{Keyring, NoKey, Pace},
    keys::{KeyError, PrivateKey, PublicKey, PublicKeys},
    verified::{Fingerprint, Verified},
};
use crate::clock::SharedClock;

/// More than any token we sign; a longer one is refused before it costs anything.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// Who issues tokens and for whom; both are checked on every token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    pub issuer: String,
    pub audience: String,
}

/// Why a token does not count. Clients get one answer for all reasons that are about the token; the reason is for the
/// log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not to be trusted.
    #[error("{0}")]
    Invalid(String),
    /// Nobody can say: there are no keys yet to verify it with.
    #[error("no keys of tokens have been loaded yet")]
    NoKeys,
}

impl TokenError {
    pub(super) fn invalid(why: impl std::fmt::Display) -> Self {
        Self::Invalid(why.to_string())
    }
}

/// Signs access tokens. Only the service that knows the accounts has one. All clones sign with the same key, also after
/// it was changed.
#[derive(Clone)]
pub struct Signer {
    key: Arc<watch::Sender<Arc<PrivateKey>>>,
    pub issuer: Arc<Issuer>,
}

impl Signer {
    pub fn new(private_pem: &SecretString, issuer: Issuer) -> Result<Self, KeyError> {
        Ok(Self::of(PrivateKey::from_pem(private_pem)?, issuer))
    }

    pub(super) fn of(key: PrivateKey, issuer: Issuer) -> Self {
        Self {
            key: Arc::new(watch::Sender::new(Arc::new(key))),
            issuer: Arc::new(issuer),
        }
    }

    /// The id of the key that signs.
    pub fn key_id(&self) -> String {
        self.key.borrow().id.clone()
    }

    pub(super) fn replace(&self, key: PrivateKey) {
        self.key.send_replace(Arc::new(key));
    }

    /// The token as it goes into an `Authorization` header.
    pub fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let key = self.key.borrow().clone();
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(key.id.clone());
        encode(&header, claims, &key.encoding)
    }
}

/// Verifies access tokens locally, and the signature of each only once.
#[derive(Clone)]
pub struct Verifier {
    keys: Keyring,
    validation: Arc<Validation>,
    pub(super) verified: Verified,
    clock: SharedClock,
}

impl Verifier {
    /// A verifier that accepts these keys and no others.
    pub fn new(keys: PublicKeys, issuer: &Issuer, clock: SharedClock) -> Self {
        Self::with_keyring(Keyring::fixed(keys), issuer, clock)
    }

    /// A verifier that accepts the keys of a JWK set, once [`Keyring::follow`] runs.
    pub fn with_jwks(
        url: Url,
        pace: Pace,
        issuer: &Issuer,
        clock: SharedClock,
    ) -> Result<Self, reqwest::Error> {
        let keys = Keyring::jwks(url, pace)?;
        Ok(Self::with_keyring(keys, issuer, clock))
    }

    pub(super) fn with_keyring(keys: Keyring, issuer: &Issuer, clock: SharedClock) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[&issuer.issuer]);
        validation.set_audience(&[&issuer.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are checked below, against our clock and with no leeway.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            keys,
            validation: Arc::new(validation),
            verified: Verified::new(),
            clock,
        }
    }

    /// The keys this verifier accepts.
    pub fn keys(&self) -> &Keyring {
        &self.keys
    }

    /// The claims of a token that is genuine, meant for us, and good now.
    pub async fn verify(&self, token: &str) -> Result<Arc<Claims>, TokenError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(TokenError::invalid("longer than any token of ours"));
        }
        let fingerprint = Fingerprint::of(token);
        if let Some(claims) = self.verified.find(&fingerprint, &self.keys) {
            self.check_times(&claims)?;
            return Ok(claims);
        }
        let (claims, key) = self.read(token).await?;
        self.check_times(&claims)?;
        let claims = Arc::new(claims);
        self.verified.remember(fingerprint, claims.clone(), key);
        Ok(claims)
    }

    /// The claims of a token that is genuine and meant for us, and the key that it is signed with.
    async fn read(&self, token: &str) -> Result<(Claims, Arc<PublicKey>), TokenError> {
        let refuse = |why: &str| Err(TokenError::invalid(why));
        let header = decode_header(token).map_err(TokenError::invalid)?;
        if header.alg != Algorithm::RS256 {
            return refuse("not RS256");
        }
        if header.crit.is_some() {
            // RFC 7515, 4.1.11: whoever does not understand a critical extension must refuse the token.
            return refuse("critical extensions that we do not know");
        }
        let Some(kid) = header.kid else {
            return refuse("no kid");
        };
        let key = self.keys.find(&kid).await.map_err(|why| match why {
            NoKey::Unknown => TokenError::invalid("unknown kid"),
            NoKey::NotYet => TokenError::NoKeys,
        })?;
        let claims = decode::<Claims>(token, &key.decoding, &self.validation)
            .map_err(TokenError::invalid)?
            .claims;
        if claims.sub != claims.user_id {
            return refuse("sub and user_id differ");
        }
        Ok((claims, key))
    }

    /// At every use of a token: these are the claims that stop or begin to be true by themselves.
    fn check_times(&self, claims: &Claims) -> Result<(), TokenError> {
        let now = self.clock.now().as_seconds();
        if claims.exp <= now {
            return Err(TokenError::invalid("expired"));
        }
        if claims.nbf.is_some_and(|nbf| nbf > now) {
            return Err(TokenError::invalid("not valid yet"));
        }
        Ok(())
    }
}
