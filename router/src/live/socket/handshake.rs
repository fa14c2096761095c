//! Authenticates a WebSocket client, by the handshake and the first message.

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

use super::{close_cause::CloseCause, message, operation_task::SessionContext};
use crate::{
    live::{
        connections::ConnectionPermit,
        loopback::ClientContext,
        worker::{WorkerState, sender},
    },
    request::TRACEPARENT,
    usage::ClientInfo,
};

/// Maximum length of the stored `User-Agent`.
const MAX_AGENT_BYTES: usize = 300;

/// What the session keeps of the handshake.
pub(super) struct Handshake {
    authorization: Option<String>,
    address: ClientAddress,
    agent: Option<HeaderValue>,
    client: ClientInfo,
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
            // Set by `http_layer` for every request.
            address: address
                .unwrap_or_else(|| ClientAddress::of(std::net::Ipv4Addr::UNSPECIFIED.into())),
            agent: kept(headers.get(header::USER_AGENT)),
            client: ClientInfo::of(headers),
            trace: kept(headers.get(TRACEPARENT)),
        }
    }
}

fn kept(value: Option<&HeaderValue>) -> Option<HeaderValue> {
    let value = value?.as_bytes();
    // A copy, because the original would keep the whole request head in memory.
    HeaderValue::from_bytes(value.get(..value.len().min(MAX_AGENT_BYTES))?).ok()
}

/// Authenticates a client by the token in its first message, or else in its handshake.
pub(super) async fn admit(
    worker: &Rc<WorkerState>,
    permit: &mut ConnectionPermit,
    handshake: &mut Handshake,
    payload: &Value,
) -> Result<SessionContext, CloseCause> {
    let given = handshake.authorization.take();
    let identity = match message::authorization(payload).or(given.as_deref()) {
        None => Identity::Anonymous,
        Some(value) => {
            let checked = worker
                .server
                .settings
                .verifier
                .check_authorization(value)
                .await;
            checked.map_err(|error| match error {
                TokenError::Invalid(_) => CloseCause::BadToken,
                TokenError::NoKeys => CloseCause::Unavailable,
            })?
        }
    };
    let address = handshake.address;
    if let Some(status) = worker.rate_limit(&identity, address).await {
        return Err(CloseCause::TooManyRequests(status.retry_after()));
    }
    if !permit.assign_to(sender(&identity, address)) {
        return Err(CloseCause::TooManyConnections);
    }
    let authorization = identity
        .viewer()
        .map(|viewer| viewer.authorization().expose_secret().to_owned().into());
    let context = Rc::new(ClientContext::new(
        authorization,
        address,
        handshake.agent.take(),
        ClientInfo::of_payload(payload).or(mem::take(&mut handshake.client)),
        handshake.trace.take(),
    ));
    Ok(SessionContext {
        worker: worker.clone(),
        identity,
        address,
        context,
    })
}
