//! How the router asks itself: over HTTP, at its own address, so that an event passes every layer that any other request
//! passes, and none of them is there twice.
//!
//! Such a request carries a password that is made at every start and known to this process only. With it the outermost
//! layer believes what the request says about the client, and the gate knows whether to count it.

use std::{net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use common::client_address::{ClientAddress, FORWARDED_FOR};
use hive_router::ntex::http::{
    HeaderMap,
    header::{HeaderName, HeaderValue},
};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use reqwest::{Client, StatusCode};
use tokio::sync::Semaphore;

use crate::{edge::TRACEPARENT, engine::GRAPHQL_PATH, rest};

/// The header of the password. The password never gets further in than the outermost layer, which leaves the header on what
/// the router asks itself, and on nothing else.
pub(crate) const INSIDE: &str = "x-rookery-inside";
const HEADER: HeaderName = HeaderName::from_static(INSIDE);

/// Events that one worker asks for at once. When a message goes out to thousands, the engine would not answer the last any
/// sooner for having all of them on its table, and each has a connection.
const EVENTS: usize = 64;
/// Other questions, which do not wait behind all those events.
const OTHERS: usize = 32;

/// What the router asks itself for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Errand {
    /// Showing an event: nobody's request, and not counted.
    Event,
    /// An operation that a client sent by another transport: counted like any other of theirs.
    Operation,
    /// An operation that is only tried, or that was counted when it came.
    Free,
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
        };
        format!("{errand} {}", self.0)
    }

    /// What a request is for, if it comes from this process. The password is gone afterwards, and of anybody else so is the
    /// header.
    pub(crate) fn take(&self, headers: &mut HeaderMap) -> Option<Errand> {
        let value = headers.get(HEADER).cloned();
        headers.remove(HEADER);
        let value = value?;
        let errand = [Errand::Event, Errand::Operation, Errand::Free]
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

/// On whose behalf the router asks.
#[derive(Debug)]
pub(crate) struct Asker {
    /// The verified token, as an `Authorization` header.
    pub(crate) authorization: Option<Box<str>>,
    pub(crate) address: ClientAddress,
    pub(crate) agent: Option<HeaderValue>,
    /// The trace that the client's connection belongs to.
    pub(crate) trace: Option<HeaderValue>,
    /// Events of the connection that are asked for at once: so many, whatever number of streams it has.
    pub(crate) events: Semaphore,
}

impl Asker {
    /// One stream has four at once as well: a second one makes a connection no louder.
    pub(crate) const EVENTS: usize = 4;
}

/// What the engine said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: StatusCode,
    pub(crate) body: String,
}

/// Asks, on the thread of one worker.
pub(crate) struct Loopback {
    client: Client,
    url: String,
    password: Password,
    events: Semaphore,
    others: Semaphore,
    patience: Duration,
}

impl Loopback {
    /// To the router that listens there, which answers within this time.
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
            events: Semaphore::new(EVENTS),
            others: Semaphore::new(OTHERS),
            patience,
        })
    }

    /// Sends a GraphQL request, as JSON.
    pub(crate) async fn ask(
        &self,
        asker: &Rc<Asker>,
        errand: Errand,
        body: String,
    ) -> Result<Said, reqwest::Error> {
        let open = match errand {
            Errand::Event => &self.events,
            Errand::Operation | Errand::Free => &self.others,
        };
        // First the connection's own turn: nobody waits in the common line with more than that.
        let _turn = match errand {
            Errand::Event => Some(asker.events.acquire().await),
            Errand::Operation | Errand::Free => None,
        };
        let _permit = open.acquire().await;
        let mut request = self
            .client
            .post(&self.url)
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
            .header(HEADER, self.password.value(errand))
            .header(FORWARDED_FOR, asker.address.to_string())
            .timeout(self.patience)
            .body(body);
        if let Some(authorization) = &asker.authorization {
            request = request.header(AUTHORIZATION, &**authorization);
        }
        for (name, value) in [(USER_AGENT, &asker.agent), (TRACEPARENT, &asker.trace)] {
            if let Some(value) = value {
                request = request.header(name, value.as_bytes());
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
        for errand in [Errand::Event, Errand::Operation, Errand::Free] {
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
