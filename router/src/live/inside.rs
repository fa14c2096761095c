//! What streams ask the router itself for (`crate::inside`), and how much of it at once.

use std::{net::SocketAddr, rc::Rc, time::Duration};

use common::client_address::ClientAddress;
use hive_router::ntex::http::header::HeaderValue;
use tokio::sync::Semaphore;

pub(super) use crate::inside::{Errand, Said};
use crate::{
    inside::{Door, Head, Password},
    usage::Client,
};

/// Events that one worker asks for at once. When a message goes out to thousands, the engine would not answer the last any
/// sooner for having all of them on its table, and each has a connection.
const EVENTS: usize = 64;
/// Other questions, which do not wait behind all those events.
const OTHERS: usize = 32;

/// On whose behalf the router asks.
#[derive(Debug)]
pub(crate) struct Asker {
    /// The verified token, as an `Authorization` header.
    pub(crate) authorization: Option<Box<str>>,
    pub(crate) address: ClientAddress,
    pub(crate) agent: Option<HeaderValue>,
    /// What the client calls itself.
    pub(crate) client: Client,
    /// The trace that the client's connection belongs to.
    pub(crate) trace: Option<HeaderValue>,
    /// Events of the connection that are asked for at once: so many, whatever number of streams it has.
    pub(crate) events: Semaphore,
}

impl Asker {
    /// One stream has four at once as well: a second one makes a connection no louder.
    pub(crate) const EVENTS: usize = 4;
}

/// Asks, on the thread of one worker.
pub(crate) struct Loopback {
    door: Door,
    events: Semaphore,
    others: Semaphore,
}

impl Loopback {
    /// To the router that listens there, which answers within this time.
    pub(crate) fn new(
        listening: SocketAddr,
        password: Password,
        patience: Duration,
    ) -> reqwest::Result<Self> {
        Ok(Self {
            door: Door::new(listening, password, patience)?,
            events: Semaphore::new(EVENTS),
            others: Semaphore::new(OTHERS),
        })
    }

    /// Sends a GraphQL request, as JSON, when it is its turn.
    pub(crate) async fn ask(
        &self,
        asker: &Rc<Asker>,
        errand: Errand,
        body: String,
    ) -> Result<Said, reqwest::Error> {
        let is_event = errand == Errand::Event;
        let open = if is_event { &self.events } else { &self.others };
        // First the connection's own turn: nobody waits in the common line with more than that.
        let _turn = if is_event {
            Some(asker.events.acquire().await)
        } else {
            None
        };
        let _permit = open.acquire().await;
        let address = asker.address.to_string();
        let head = Head {
            authorization: asker.authorization.as_deref().map(str::as_bytes),
            address: address.as_bytes(),
            client: Some(&asker.client),
            agent: asker.agent.as_ref().map(HeaderValue::as_bytes),
            trace: asker.trace.as_ref().map(HeaderValue::as_bytes),
        };
        self.door.ask(head, errand, body).await
    }
}
