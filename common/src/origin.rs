//! Where a request comes from, and what its client calls itself.

use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};

use crate::client_address::{ClientAddress, TrustedProxies};

const MAX_USER_AGENT: usize = 500;

/// What a client says of itself, for people to recognize it by. None of it proves anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub address: ClientAddress,
    /// The `User-Agent` of the request.
    pub user_agent: Option<String>,
}

impl Origin {
    /// The origin of a request, as its connection, the proxies that are trusted and the client itself say.
    pub fn of(proxies: &TrustedProxies, head: &Parts) -> Self {
        let user_agent = head.headers.get(header::USER_AGENT);
        Self {
            address: proxies.client_of_request(&head.extensions, &head.headers),
            user_agent: user_agent
                .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()),
        }
    }

    /// The user agent as it may be kept: printable, and of 500 characters at most.
    pub fn kept_user_agent(&self) -> Option<String> {
        let text = self.user_agent.as_deref()?;
        let kept: String = text
            .chars()
            .filter(|char| !char.is_control())
            .take(MAX_USER_AGENT)
            .collect();
        Some(kept).filter(|kept| !kept.is_empty())
    }
}

impl<S> FromRequestParts<S> for Origin
where
    TrustedProxies: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(head: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::of(&TrustedProxies::from_ref(state), head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_agent_is_kept_short_and_printable() {
        let kept = |text: &str| {
            let user_agent = Some(text.to_owned());
            let address = ClientAddress::of([192, 0, 2, 7].into());
            Origin {
                address,
                user_agent,
            }
            .kept_user_agent()
        };
        assert_eq!(kept("curl/8\u{7}.0").as_deref(), Some("curl/8.0"));
        assert_eq!(kept(&"ä".repeat(900)).unwrap().chars().count(), 500);
        assert_eq!(kept("\n"), None);
    }
}
