//! Loopback requests of streams ([`crate::loopback`]), with bounds on how many are in flight.

use std::{net::SocketAddr, rc::Rc, time::Duration};

use common::client_address::ClientAddress;
use hive_router::ntex::http::header::HeaderValue;
use tokio::sync::Semaphore;

use crate::{
    loopback::{ForwardedIdentity, LoopbackClient, LoopbackResponse, LoopbackSecret, Purpose},
    usage::ClientInfo,
};

/// Concurrent event requests of one worker. When a message goes out to thousands of clients, more concurrency would not
/// deliver the last event sooner, and each request holds a connection.
const MAX_EVENTS: usize = 64;
/// Concurrent other requests, which do not queue behind events.
const MAX_OTHERS: usize = 32;
/// Concurrent event requests of one client connection, however many streams it has: as many as for a single stream.
const MAX_EVENTS_OF_CLIENT: usize = 4;

/// The client connection on whose behalf the router sends loopback requests.
#[derive(Debug)]
pub(crate) struct ClientContext {
    /// The verified access token, as an `Authorization` header.
    pub(crate) authorization: Option<Box<str>>,
    pub(crate) address: ClientAddress,
    pub(crate) agent: Option<HeaderValue>,
    pub(crate) info: ClientInfo,
    /// `traceparent` of the connection.
    pub(crate) trace: Option<HeaderValue>,
    /// Bounds the event requests of this connection.
    events: Semaphore,
}

impl ClientContext {
    pub(crate) fn new(
        authorization: Option<Box<str>>,
        address: ClientAddress,
        agent: Option<HeaderValue>,
        info: ClientInfo,
        trace: Option<HeaderValue>,
    ) -> Self {
        Self {
            authorization,
            address,
            agent,
            info,
            trace,
            events: Semaphore::new(MAX_EVENTS_OF_CLIENT),
        }
    }
}

/// Sends loopback requests on the thread of one worker.
pub(crate) struct ThrottledLoopback {
    client: LoopbackClient,
    events: Semaphore,
    others: Semaphore,
}

impl ThrottledLoopback {
    pub(crate) fn new(
        listening: SocketAddr,
        secret: LoopbackSecret,
        request_timeout: Duration,
    ) -> reqwest::Result<Self> {
        Ok(Self {
            client: LoopbackClient::new(listening, secret, request_timeout)?,
            events: Semaphore::new(MAX_EVENTS),
            others: Semaphore::new(MAX_OTHERS),
        })
    }

    /// Sends a GraphQL request body, which is JSON, as soon as the bounds allow it.
    pub(crate) async fn send(
        &self,
        client: &Rc<ClientContext>,
        purpose: Purpose,
        body: String,
    ) -> Result<LoopbackResponse, reqwest::Error> {
        let is_event = purpose == Purpose::Event;
        // The connection's own bound comes first, so that one connection cannot fill the worker's queue.
        let _client_permit = if is_event {
            Some(client.events.acquire().await)
        } else {
            None
        };
        let bound = if is_event { &self.events } else { &self.others };
        let _permit = bound.acquire().await;
        let address = client.address.to_string();
        let identity = ForwardedIdentity {
            authorization: client.authorization.as_deref().map(str::as_bytes),
            address: address.as_bytes(),
            client: Some(&client.info),
            agent: client.agent.as_ref().map(HeaderValue::as_bytes),
            trace: client.trace.as_ref().map(HeaderValue::as_bytes),
        };
        self.client.send(identity, purpose, body).await
    }
}
