//! Who it is that has a WebSocket: what the handshake says of them, and the first message.

use std::{mem, rc::Rc};

use common::{
    auth::{Identity, TokenError},
    client_address::ClientAddress,
};
use hive_router::ntex::{
    http::header::{self, HeaderValue},
    web::{DefaultError, WebRequest},
};
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{closing::Closing, message, task::Client};
use crate::{
    edge::TRACEPARENT,
    live::{
        clients::Seat,
        desk::{Desk, sender},
        inside::Asker,
    },
    usage,
};

/// Kept of what a client calls itself.
const MAX_AGENT: usize = 300;

/// What the handshake said.
pub(super) struct Handshake {
    authorization: Option<String>,
    address: ClientAddress,
    agent: Option<HeaderValue>,
    client: usage::Client,
    trace: Option<HeaderValue>,
}

impl Handshake {
    pub(super) fn of(request: &WebRequest<DefaultError>) -> Self {
        let headers = request.headers();
        let authorization = headers
            .get(header::AUTHORIZATION)
            .map(|value| value.to_str().unwrap_or("?").trim().to_owned())
            .filter(|text| !text.is_empty());
        let address = request.extensions().get::<ClientAddress>().copied();
        Self {
            authorization,
            // `edge` has noted it for every request.
            address: address
                .unwrap_or_else(|| ClientAddress::of(std::net::Ipv4Addr::UNSPECIFIED.into())),
            agent: kept(headers.get(header::USER_AGENT)),
            client: usage::Client::of(headers),
            trace: kept(headers.get(TRACEPARENT)),
        }
    }
}

fn kept(value: Option<&HeaderValue>) -> Option<HeaderValue> {
    let value = value?.as_bytes();
    // A copy: the original keeps the whole head of the request.
    HeaderValue::from_bytes(value.get(..value.len().min(MAX_AGENT))?).ok()
}

/// Lets a client in by the payload of its first message, or by the handshake if that has no token.
pub(super) async fn admit(
    desk: &Rc<Desk>,
    seat: &mut Seat,
    handshake: &mut Handshake,
    payload: &Value,
) -> Result<Client, Closing> {
    let given = handshake.authorization.take();
    let identity = match message::authorization(payload).or(given.as_deref()) {
        None => Identity::Anonymous,
        Some(value) => {
            let checked = desk.live.verifier.check_authorization(value).await;
            checked.map_err(|error| match error {
                TokenError::Invalid(_) => Closing::BadToken,
                TokenError::NoKeys => Closing::Unavailable,
            })?
        }
    };
    let address = handshake.address;
    if let Some(standing) = desk.excess(&identity, address).await {
        return Err(Closing::TooOften(standing.retry_after()));
    }
    if !seat.is_granted_to(sender(&identity, address)) {
        return Err(Closing::TooManyConnections);
    }
    let authorization = identity
        .viewer()
        .map(|viewer| viewer.authorization().expose_secret().to_owned().into());
    let asker = Rc::new(Asker {
        events: tokio::sync::Semaphore::new(Asker::EVENTS),
        authorization,
        address,
        agent: handshake.agent.take(),
        client: usage::Client::of_payload(payload).or(mem::take(&mut handshake.client)),
        trace: handshake.trace.take(),
    });
    Ok(Client {
        desk: desk.clone(),
        identity,
        address,
        asker,
    })
}
