//! How the router asks itself: over HTTP, at its own address, so that what it asks for somebody passes every layer that any
//! other request passes, and none of them is there twice.
//!
//! Such a request carries a password that is made at every start and known to this process only. With it the outermost
//! layer believes what the request says about the client, and the gate knows whether to count it.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::client_address::FORWARDED_FOR;
use hive_router::ntex::http::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use reqwest::StatusCode;

use crate::{
    edge::TRACEPARENT,
    engine::GRAPHQL_PATH,
    rest,
    usage::{self, Client},
};

/// The header of the password. The password never gets further in than the outermost layer, which leaves the header on what
/// the router asks itself, and on nothing else.
pub(crate) const INSIDE: &str = "x-rookery-inside";
const HEADER: HeaderName = HeaderName::from_static(INSIDE);

/// What the router asks itself for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Showing an event: nobody's request, and not counted.
    Event,
    /// An operation that a client sent by another transport: counted like any other of theirs.
    Operation,
    /// An operation that a client sent in a way that has its answer wrapped: it was counted when it came.
    Admitted,
    /// An operation that is only tried.
    Trial,
    /// What the ids in an operation are of: part of that, which was counted.
    Kinds,
}

impl Errand {
    const ALL: [Self; 5] = [
        Self::Event,
        Self::Operation,
        Self::Admitted,
        Self::Trial,
        Self::Kinds,
    ];

    /// Whether it was a client that sent the operation, in these words.
    pub(crate) fn is_of_a_client(self) -> bool {
        matches!(self, Self::Operation | Self::Admitted)
    }

    /// Whether it counts against somebody's quota: nobody has asked for the others, or they were counted when they did.
    pub(crate) fn is_counted(self) -> bool {
        self == Self::Operation
    }
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
            Errand::Admitted => "admitted",
            Errand::Trial => "trial",
            Errand::Kinds => "kinds",
        };
        format!("{errand} {}", self.0)
    }

    /// What a request is for, if it comes from this process. The password is gone afterwards, and of anybody else so is the
    /// header.
    pub(crate) fn take(&self, headers: &mut HeaderMap) -> Option<Errand> {
        let value = headers.get(HEADER).cloned();
        headers.remove(HEADER);
        let value = value?;
        let errand = Errand::ALL
            .into_iter()
            .find(|errand| is_equal(value.as_bytes(), self.value(*errand).as_bytes()))?;
        headers.insert(HEADER, HeaderValue::from_static("yes"));
        Some(errand)
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
    /// What the client calls itself, where that matters.
    pub(crate) client: Option<&'a Client>,
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
    client: reqwest::Client,
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
    pub(crate) async fn ask<'a>(
        &self,
        head: Head<'a>,
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
        let said = |text: &'a str| Some(text.as_bytes()).filter(|text| !text.is_empty());
        for (name, value) in [
            (
                usage::NAME,
                head.client.and_then(|client| said(&client.name)),
            ),
            (
                usage::VERSION,
                head.client.and_then(|client| said(&client.version)),
            ),
        ] {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
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
    use super::*;

    fn taken(password: &Password, values: &[&str]) -> Option<Errand> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(HEADER, HeaderValue::from_str(value).unwrap());
        }
        let errand = password.take(&mut headers);
        let left: Vec<_> = headers.get_all(HEADER).map(HeaderValue::as_bytes).collect();
        let expected: &[&[u8]] = if errand.is_some() { &[b"yes"] } else { &[] };
        assert_eq!(left, expected, "the password goes no further");
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
        assert_eq!(taken(&own, &["yes"]), None);
        assert_eq!(taken(&own, &[]), None);
    }
}
