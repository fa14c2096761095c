//! The token by which the engine recognizes a verified user.
//!
//! The engine reads its keys once, at start, so it cannot follow a key rotation; and it ignores `kid`, `nbf` and one minute
//! of `exp`. So it never sees a client's token: the guard verifies that token and issues an internal one, signed with a
//! secret that is generated at every start and leaves the process only through a file with mode 0600. HS256 suffices
//! between two parts of one process and costs a hundredth of RS256.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::{auth::Viewer, error::Fault};
use hive_router::ntex::http::header::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::{Value, json};

/// Header of the internal token. The guard removes the header from client requests.
pub(crate) const INTERNAL_TOKEN_HEADER: &str = "x-rookery-internal-token";
pub(crate) const ISSUER: &str = "guard";
pub(crate) const AUDIENCE: &str = "engine";

/// Issues internal tokens.
pub(crate) struct InternalTokens {
    key: EncodingKey,
    header: Header,
    jwks: Value,
}

/// The claims that the engine's authorization directives read.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'static str,
    aud: &'static str,
    sub: String,
    exp: i64,
    scope: &'a str,
}

impl InternalTokens {
    /// Generates a secret of 256 bits.
    pub(crate) fn new() -> Self {
        let secret: [u8; 32] = rand::random();
        let jwk = json!({ "kty": "oct", "alg": "HS256", "kid": ISSUER, "k": BASE64_URL_SAFE_NO_PAD.encode(secret) });
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(ISSUER.to_owned());
        Self {
            key: EncodingKey::from_secret(&secret),
            header,
            jwks: json!({ "keys": [jwk] }),
        }
    }

    /// The secret in the format that the engine reads.
    pub(crate) fn jwks(&self) -> &Value {
        &self.jwks
    }

    /// Issues the token of a verified viewer. The same access token yields the same internal token, so that the engine's
    /// token cache works.
    pub(super) fn issue(&self, viewer: &Viewer) -> Result<HeaderValue, Fault> {
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: viewer.id.to_string(),
            exp: viewer.expires_at,
            scope: viewer.scope(),
        };
        let token = encode(&self.header, &claims, &self.key).map_err(Fault::internal)?;
        HeaderValue::try_from(token).map_err(Fault::internal)
    }
}
