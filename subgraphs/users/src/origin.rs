//! Where a request comes from, for both adapters.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};
use common::client_address::TrustedProxies;

use crate::domain::Origin;

/// The origin of a request, as its connection, the proxies that are trusted and the client itself say.
pub fn of(proxies: &TrustedProxies, parts: &Parts) -> Origin {
    let user_agent = parts.headers.get(header::USER_AGENT);
    Origin {
        address: proxies.client_of_request(&parts.extensions, &parts.headers),
        user_agent: user_agent.map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
    }
}

/// As an argument of a handler.
pub struct From(pub Origin);

impl<S> FromRequestParts<S> for From
where
    TrustedProxies: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self(of(&TrustedProxies::from_ref(state), parts)))
    }
}
