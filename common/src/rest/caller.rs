//! Who calls, as an argument of a handler.

use std::sync::Arc;

use axum::{
    extract::{FromRef, FromRequestParts},
    http::request::Parts,
};

use crate::{
    auth::{Identity, Verifier, Viewer},
    error::Error,
};

/// Somebody with a good token, or nobody in particular. A bad token is refused.
pub struct Caller(pub Identity);

impl<S> FromRequestParts<S> for Caller
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let verifier = Verifier::from_ref(state);
        verifier.identify(&parts.headers).await.map(Self)
    }
}

/// Somebody with a good token; without one the request is refused.
pub struct SignedIn(pub Arc<Viewer>);

impl<S> FromRequestParts<S> for SignedIn
where
    Verifier: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let Caller(identity) = Caller::from_request_parts(parts, state).await?;
        Ok(Self(identity.require()?.clone()))
    }
}
