//! HTTP requests from the router to itself.
//!
//! For each live event, and for `Query.node`, the router sends an ordinary GraphQL request to its own address. Such a request
//! passes every layer that a client's request passes, so limits, authorization and error mapping exist once. A secret in
//! a header marks it: with the secret, `http_layer` trusts the client address in the request, and `guard` knows whether to
//! count the request against the client's rate limit.

mod client;

use std::sync::Arc;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hive_router::ntex::http::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};

pub(crate) use client::{ForwardedIdentity, LoopbackClient, LoopbackResponse};

/// Header of the loopback secret. `http_layer` removes the secret and leaves `yes` in the header of requests that carried
/// it; no other request has the header behind that layer.
pub(crate) const LOOPBACK_HEADER: &str = "x-rookery-loopback";
const HEADER: HeaderName = HeaderName::from_static(LOOPBACK_HEADER);

/// Why the router sends itself a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Renders a live event. Not rate limited, because no client asked for it.
    Event,
    /// Executes an operation that a client sent over a WebSocket. Rate limited like any request.
    Operation,
    /// Executes an operation whose response is streamed. The request that carried it has been counted.
    AdmittedOperation,
    /// Validates a subscription by executing its query for an id that does not exist.
    Validation,
    /// Looks up the type behind an id for `Query.node`. The client's request has been counted.
    NodeLookup,
}

impl Purpose {
    const ALL: [Self; 5] = [
        Self::Event,
        Self::Operation,
        Self::AdmittedOperation,
        Self::Validation,
        Self::NodeLookup,
    ];

    /// Whether the document was written by a client, and so belongs into usage reports.
    pub(crate) fn is_of_client(self) -> bool {
        matches!(self, Self::Operation | Self::AdmittedOperation)
    }

    pub(crate) fn is_rate_limited(self) -> bool {
        self == Self::Operation
    }

    fn name(self) -> &'static str {
        match self {
            Self::Event => "event",
            Self::Operation => "operation",
            Self::AdmittedOperation => "admitted",
            Self::Validation => "validation",
            Self::NodeLookup => "node",
        }
    }
}

/// The secret that marks loopback requests, made anew at every start.
#[derive(Clone)]
pub(crate) struct LoopbackSecret(Arc<str>);

impl LoopbackSecret {
    /// Generates a secret of 256 bits.
    pub(crate) fn new() -> Self {
        let secret: [u8; 32] = rand::random();
        Self(BASE64_URL_SAFE_NO_PAD.encode(secret).into())
    }

    fn header_value(&self, purpose: Purpose) -> String {
        format!("{} {}", purpose.name(), self.0)
    }

    /// Removes the loopback secret from the request and returns the request's purpose. If the secret is wrong, removes the
    /// header as well.
    pub(crate) fn verify(&self, headers: &mut HeaderMap) -> Option<Purpose> {
        let value = headers.get(HEADER).cloned();
        headers.remove(HEADER);
        let value = value?;
        let purpose = Purpose::ALL
            .into_iter()
            .find(|purpose| is_equal(value.as_bytes(), self.header_value(*purpose).as_bytes()))?;
        headers.insert(HEADER, HeaderValue::from_static("yes"));
        Some(purpose)
    }
}

/// Constant-time comparison.
fn is_equal(left: &[u8], right: &[u8]) -> bool {
    let differences = left.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b));
    left.len() == right.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(secret: &LoopbackSecret, values: &[&str]) -> Option<Purpose> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_str(value).unwrap());
        }
        let purpose = secret.verify(&mut headers);
        let left: Vec<_> = headers.get_all(HEADER).map(HeaderValue::as_bytes).collect();
        let expected: &[&[u8]] = if purpose.is_some() { &[b"yes"] } else { &[] };
        assert_eq!(left, expected, "the secret is removed");
        purpose
    }

    #[test]
    fn accepts_only_the_secret_of_this_process() {
        let (own, other) = (LoopbackSecret::new(), LoopbackSecret::new());
        for purpose in Purpose::ALL {
            assert_eq!(verified(&own, &[&own.header_value(purpose)]), Some(purpose));
            let guess = other.header_value(purpose);
            assert_eq!(verified(&own, &[&guess]), None);
        }
        let secret = own.header_value(Purpose::Event);
        for guess in ["", "event", "event ", &secret[..secret.len() - 1]] {
            assert_eq!(verified(&own, &[guess]), None, "{guess}");
        }
        assert_eq!(verified(&own, &["yes"]), None);
        assert_eq!(verified(&own, &[]), None);
    }
}
