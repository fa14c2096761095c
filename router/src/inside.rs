//! How the router asks itself: over HTTP, at its own address, so that what it asks for somebody passes every layer that any
//! other request passes, and none of them is there twice.
//!
//! Such a request carries a password that is made at every start and known to this process only. With it the outermost
//! layer believes what the request says about the client, and the gate knows whether to count it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::client_address::FORWARDED_FOR;
use hive_router::ntex::http::{HeaderMap, header::HeaderName};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use reqwest::{Client, StatusCode};

use crate::{edge::TRACEPARENT, engine::GRAPHQL_PATH, rest};

/// The header of the password. It never gets further in than the outermost layer.
const HEADER: HeaderName = HeaderName::from_static("x-rookery-inside");

/// What the router asks itself for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Showing an event: nobody's request, and not counted.
    Event,
    /// An operation that a client sent by another transport: counted like any other of theirs.
    Operation,
    /// An operation that is only tried, or that was counted when it came.
    Free,
    /// What the ids in an operation are of: part of that, which was counted.
    Kinds,
}

impl Errand {
    const ALL: [Self; 4] = [Self::Event, Self::Operation, Self::Free, Self::Kinds];
}

/// The password of this process.
#[derive(Clone)]
pub(crate) struct Password(Arc<str>);

impl Password {
    /// With 256 bits that nobody guesses.
    pub(crate) fn new() -> Self {
        let secret: [u8; 32] = rand::random();
        Self(BASE64_URL_SAFE_NO_PAD.encode(secret).into())
    }

    fn value(&self, errand: Errand) -> String {
        let errand = match errand {
            Errand::Event => "event",
            Errand::Operation => "operation",
            Errand::Free => "free",
            Errand::Kinds => "kinds",
        };
        format!("{errand} {}", self.0)
    }

    /// What a request is for, if it comes from this process. The header is gone afterwards, whoever sent it.
    pub(crate) fn take(&self, headers: &mut HeaderMap) -> Option<Errand> {
        let value = headers.get(HEADER).cloned();
        headers.remove(HEADER);
        let value = value?;
        Errand::ALL
            .into_iter()
            .find(|errand| is_equal(value.as_bytes(), self.value(*errand).as_bytes()))
    }
}

/// In a time that does not say how far they are equal.
fn is_equal(left: &[u8], right: &[u8]) -> bool {
    let differences = left.iter().zip(right).fold(0, |sum, (a, b)| sum | (a ^ b));
    left.len() == right.len() && differences == 0
}

/// Whom the router asks for, in the headers that a request of theirs would have.
#[derive(Clone, Copy)]
pub(crate) struct Head<'a> {
    /// The verified token, as an `Authorization` header.
    pub(crate) authorization: Option<&'a [u8]>,
    /// The address of the client.
    pub(crate) address: &'a [u8],
    pub(crate) agent: Option<&'a [u8]>,
    /// The trace that it belongs to.
    pub(crate) trace: Option<&'a [u8]>,
}

/// What the engine said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

/// The router's own front door, for the thread of one worker: a connection ends with the thread that opened it.
pub(crate) struct Door {
    client: Client,
    url: String,
    password: Password,
    patience: Duration,
}

impl Door {
    /// Of the router that listens there, which answers within this time.
    pub(crate) fn new(
        listening: SocketAddr,
        password: Password,
        patience: Duration,
    ) -> reqwest::Result<Self> {
        let mut address = listening;
        if address.ip().is_unspecified() {
            address.set_ip(if address.is_ipv4() {
                std::net::Ipv4Addr::LOCALHOST.into()
            } else {
                std::net::Ipv6Addr::LOCALHOST.into()
            });
        }
        Ok(Self {
            client: rest::client()?,
            url: format!("http://{address}{GRAPHQL_PATH}"),
            password,
            patience,
        })
    }

    /// Sends a GraphQL request, as JSON.
    pub(crate) async fn ask(
        &self,
        head: Head<'_>,
        errand: Errand,
        body: String,
    ) -> Result<Said, reqwest::Error> {
        let mut request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(HEADER, self.password.value(errand))
            .header(FORWARDED_FOR, head.address)
            .timeout(self.patience)
            .body(body);
        for (name, value) in [
            (AUTHORIZATION, head.authorization),
            (USER_AGENT, head.agent),
            (TRACEPARENT, head.trace),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        let response = request.send().await?;
        Ok(Said {
            status: response.status(),
            body: response.text().await?,
        })
    }
}

#[cfg(test)]
mod tests {
    use hive_router::ntex::http::header::HeaderValue;

    use super::*;

    fn taken(password: &Password, values: &[&str]) -> Option<Errand> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_str(value).unwrap());
        }
        let errand = password.take(&mut headers);
        assert!(!headers.contains_key(HEADER), "it goes no further");
        errand
    }

    #[test]
    fn only_this_process_has_the_password() {
        let (own, other) = (Password::new(), Password::new());
        for errand in Errand::ALL {
            assert_eq!(taken(&own, &[&own.value(errand)]), Some(errand));
            let guess = other.value(errand);
            assert_eq!(taken(&own, &[&guess]), None);
        }
        let secret = own.value(Errand::Event);
        for guess in ["", "event", "event ", &secret[..secret.len() - 1]] {
            assert_eq!(taken(&own, &[guess]), None, "{guess}");
        }
        assert_eq!(taken(&own, &[]), None);
    }
}
