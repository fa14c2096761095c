//! The public keys that access tokens are verified with.

use axum::{
    Router,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::get,
};
use common::{auth::Verifier, respond::json};

/// How long others may keep the keys, in seconds. A new key is published this long before it signs.
const CACHE_CONTROL: &str = "public, max-age=300";

/// `GET /.well-known/jwks.json` (RFC 7517).
pub fn routes(verifier: &Verifier) -> Router {
    let keys = verifier.keys().clone();
    let answer = move || async move {
        // Now, and not when the service started: keys rotate.
        let body = json(StatusCode::OK, &keys.to_jwks());
        ([(header::CACHE_CONTROL, CACHE_CONTROL)], body).into_response()
    };
    Router::new().route("/.well-known/jwks.json", get(answer))
}
