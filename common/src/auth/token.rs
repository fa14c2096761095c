//! Signing and verifying access tokens, after RFC 8725: one algorithm, everything checked, one answer for all failures.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header, Validation, decode, decode_header, encode};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::{KeyError, PrivateKey, PublicKeys};
use crate::{
    clock::SharedClock,
    config::{ConfigError, Env, malformed},
};

/// More than any token we sign; a longer one is refused before it costs anything.
const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// What an access token says. `sub` and `user_id` are the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: Uuid,
    /// Seconds since the epoch.
    pub iat: i64,
    /// Seconds since the epoch; the token is good before, not at, this second.
    pub exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    pub jti: Uuid,
    pub user_id: Uuid,
    pub email: String,
    #[serde(default)]
    pub roles: Vec<String>,
    #[serde(default)]
    pub scope: String,
}

/// Who issues tokens and for whom; both are checked on every token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issuer {
    pub issuer: String,
    pub audience: String,
}

impl Issuer {
    /// `JWT_ISSUER` and `JWT_AUDIENCE`, `rookery` for both by default.
    pub fn from_env(env: &Env) -> Self {
        let or_default = |name| env.optional(name).unwrap_or("rookery").to_owned();
        Self {
            issuer: or_default("JWT_ISSUER"),
            audience: or_default("JWT_AUDIENCE"),
        }
    }
}

/// A token that is not to be trusted. Clients get one answer for all reasons; the reason is for the log.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidToken(pub(super) String);

/// Signs access tokens. Only the service that knows the accounts has one.
pub struct Signer {
    key: PrivateKey,
    pub issuer: Issuer,
}

impl Signer {
    pub fn new(private_pem: &SecretString, issuer: Issuer) -> Result<Self, KeyError> {
        Ok(Self {
            key: PrivateKey::from_pem(private_pem)?,
            issuer,
        })
    }

    /// `JWT_PRIVATE_KEY` or `JWT_PRIVATE_KEY_FILE`, `JWT_ISSUER`, `JWT_AUDIENCE`.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        const NAME: &str = "JWT_PRIVATE_KEY";
        const EXPECTS: &str =
            "an RSA private key of at least 2048 bits as PEM (or its path in JWT_PRIVATE_KEY_FILE)";
        let pem = env
            .text_or_file(NAME, EXPECTS)?
            .ok_or(ConfigError::Missing {
                name: NAME.to_owned(),
                expects: EXPECTS,
            })?;
        Self::new(&pem, Issuer::from_env(env)).map_err(|error| malformed(NAME, EXPECTS, error))
    }

    /// The id of the key that signs.
    pub fn key_id(&self) -> &str {
        &self.key.id
    }

    /// The token as it goes into an `Authorization` header.
    pub fn sign(&self, claims: &Claims) -> Result<String, jsonwebtoken::errors::Error> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.key.id.clone());
        encode(&header, claims, &self.key.encoding)
    }
}

/// Verifies access tokens locally.
#[derive(Clone)]
pub struct Verifier {
    keys: Arc<PublicKeys>,
    validation: Arc<Validation>,
    clock: SharedClock,
}

impl Verifier {
    pub fn new(keys: PublicKeys, issuer: &Issuer, clock: SharedClock) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[&issuer.issuer]);
        validation.set_audience(&[&issuer.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        // Times are checked below, against our clock and with no leeway.
        validation.validate_exp = false;
        validation.validate_nbf = false;
        Self {
            keys: Arc::new(keys),
            validation: Arc::new(validation),
            clock,
        }
    }

    /// `JWT_PUBLIC_KEY` or `JWT_PUBLIC_KEY_FILE`, `JWT_ISSUER`, `JWT_AUDIENCE`.
    pub fn from_env(env: &Env, clock: SharedClock) -> Result<Self, ConfigError> {
        use secrecy::ExposeSecret;
        const NAME: &str = "JWT_PUBLIC_KEY";
        const EXPECTS: &str = "one or several RSA public keys of at least 2048 bits as PEM (or their path in JWT_PUBLIC_KEY_FILE)";
        let pem = env
            .text_or_file(NAME, EXPECTS)?
            .ok_or(ConfigError::Missing {
                name: NAME.to_owned(),
                expects: EXPECTS,
            })?;
        let keys = PublicKeys::from_pem(pem.expose_secret())
            .map_err(|error| malformed(NAME, EXPECTS, error))?;
        Ok(Self::new(keys, &Issuer::from_env(env), clock))
    }

    /// The keys this verifier accepts.
    pub fn keys(&self) -> &PublicKeys {
        &self.keys
    }

    /// The claims of a token that is genuine, meant for us, and good now.
    pub fn verify(&self, token: &str) -> Result<Claims, InvalidToken> {
        let refuse = |why: &str| InvalidToken(why.to_owned());
        if token.len() > MAX_TOKEN_BYTES {
            return Err(refuse("longer than any token of ours"));
        }
        let header = decode_header(token).map_err(|error| InvalidToken(error.to_string()))?;
        if header.alg != Algorithm::RS256 {
            return Err(refuse("not RS256"));
        }
        if header.crit.is_some() {
            // RFC 7515, 4.1.11: whoever does not understand a critical extension must refuse the token.
            return Err(refuse("critical extensions that we do not know"));
        }
        let kid = header.kid.ok_or_else(|| refuse("no kid"))?;
        let key = self.keys.find(&kid).ok_or_else(|| refuse("unknown kid"))?;
        let claims = decode::<Claims>(token, &key.decoding, &self.validation)
            .map_err(|error| InvalidToken(error.to_string()))?
            .claims;
        let now = self.clock.now().as_seconds();
        if claims.exp <= now {
            return Err(refuse("expired"));
        }
        if claims.nbf.is_some_and(|nbf| nbf > now) {
            return Err(refuse("not valid yet"));
        }
        if claims.sub != claims.user_id {
            return Err(refuse("sub and user_id differ"));
        }
        Ok(claims)
    }
}
