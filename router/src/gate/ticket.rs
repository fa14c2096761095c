//! What the engine takes for proof of who sends a request.
//!
//! The engine reads its keys once, when it starts, so it could not follow a rotation; and it ignores the `kid`, `nbf` and a
//! minute of `exp`. It is therefore never shown a token of the outside: the gate verifies that, and gives the engine a
//! ticket of its own, signed with a secret that is made at every start and leaves this process only for a file that
//! nobody else can read. HS256 is right between two parts of one process, and costs a hundredth of RS256.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::{auth::Viewer, error::Fault};
use hive_router::ntex::http::header::HeaderValue;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use serde_json::{Value, json};

/// The header that the engine looks for a ticket in. What a client sends in it is thrown away.
pub(crate) const TICKET: &str = "x-rookery-ticket";
pub(crate) const ISSUER: &str = "gate";
pub(crate) const AUDIENCE: &str = "engine";

/// Makes tickets.
pub(crate) struct Tickets {
    key: EncodingKey,
    header: Header,
    jwks: Value,
}

/// What the engine's rules can refer to.
#[derive(Serialize)]
struct Claims<'a> {
    iss: &'static str,
    aud: &'static str,
    sub: String,
    exp: i64,
    scope: &'a str,
}

impl Tickets {
    /// With a new secret of 256 bits.
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

    /// The secret as the engine reads it.
    pub(crate) fn jwks(&self) -> &Value {
        &self.jwks
    }

    /// The ticket of a viewer whose token has been verified. The same token has the same ticket, by which the engine
    /// remembers it.
    pub(super) fn of(&self, viewer: &Viewer) -> Result<HeaderValue, Fault> {
        let claims = Claims {
            iss: ISSUER,
            aud: AUDIENCE,
            sub: viewer.id.to_string(),
            exp: viewer.expires_at,
            scope: viewer.scope(),
        };
        let ticket = encode(&self.header, &claims, &self.key).map_err(Fault::internal)?;
        HeaderValue::try_from(ticket).map_err(Fault::internal)
    }
}
