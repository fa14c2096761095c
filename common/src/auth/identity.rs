//! Who sends a request.

use std::sync::Arc;

use axum::http::{HeaderMap, header};
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    claims::Claims,
    token::{TokenError, Verifier},
};
use crate::error::{Class, Error, Fault, UNAUTHENTICATED, Violation};

/// The signed-in sender of a request.
#[derive(Clone, Debug)]
pub struct Viewer {
    pub id: Uuid,
    /// The session that the token came from, if the token says it.
    pub session: Option<Uuid>,
    /// Seconds since the epoch at which the token ends.
    pub expires_at: i64,
    claims: Arc<Claims>,
    authorization: SecretString,
}

impl Viewer {
    pub fn roles(&self) -> &[String] {
        &self.claims.roles
    }

    /// OAuth scopes, separated by spaces.
    pub fn scope(&self) -> &str {
        &self.claims.scope
    }

    /// The value of the `Authorization` header to forward to another service on the viewer's behalf.
    pub fn authorization(&self) -> &SecretString {
        &self.authorization
    }
}

/// The sender of a request: somebody with a good token, or nobody in particular. A bad token is neither: it is refused.
#[derive(Clone, Debug)]
pub enum Identity {
    Anonymous,
    Viewer(Arc<Viewer>),
}

impl Identity {
    /// The viewer, or the error that asks for a token.
    pub fn require(&self) -> Result<&Arc<Viewer>, Violation> {
        self.viewer().ok_or_else(unauthenticated)
    }

    /// The viewer, if there is one.
    pub fn viewer(&self) -> Option<&Arc<Viewer>> {
        match self {
            Self::Anonymous => None,
            Self::Viewer(viewer) => Some(viewer),
        }
    }
}

/// The one answer for a missing, forged, expired or otherwise bad token.
pub fn unauthenticated() -> Violation {
    Violation::new(
        Class::Unauthenticated,
        UNAUTHENTICATED,
        "A valid access token is needed: send `Authorization: Bearer <token>` with a token from login.",
    )
}

impl From<TokenError> for Error {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid(reason) => {
                tracing::info!(%reason, "token refused");
                unauthenticated().into()
            }
            // Not 401: a client would throw a good session away.
            TokenError::NoKeys => Self::Fault(Fault::unavailable(error)),
        }
    }
}

impl Verifier {
    /// The sender of a request, from its headers. No `Authorization` header means anonymous; anything in it that is
    /// not one good bearer token is refused.
    pub async fn identify(&self, headers: &HeaderMap) -> Result<Identity, Error> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let Some(value) = values.next() else {
            return Ok(Identity::Anonymous);
        };
        if values.next().is_some() {
            return Err(TokenError::invalid("more than one Authorization header").into());
        }
        let value = value.to_str().unwrap_or_default();
        Ok(self.check_authorization(value).await?)
    }

    /// The viewer of an `Authorization` value of the form `Bearer <token>`.
    pub async fn check_authorization(&self, value: &str) -> Result<Identity, TokenError> {
        let token = value
            .split_once(' ')
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, token)| token.trim_matches(' '))
            .ok_or_else(|| TokenError::invalid("not a bearer token"))?;
        let claims = self.verify(token).await?;
        Ok(Identity::Viewer(Arc::new(Viewer {
            id: claims.sub,
            session: claims.sid,
            expires_at: claims.exp,
            claims,
            authorization: ["Bearer ", token].concat().into(),
        })))
    }
}
