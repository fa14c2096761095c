//! Streamed responses: server-sent events, and the multipart streams of Apollo's clients.

mod accept;
mod format;
mod stream_body;

use std::{net::Ipv4Addr, rc::Rc};

use common::{auth::Identity, client_address::ClientAddress};
use futures_util::stream;
use hive_router::ntex::{
    http::{
        Method, Payload, Response, StatusCode,
        body::Body,
        header::{self, HeaderValue},
    },
    util::{Bytes, BytesMut},
    web::{DefaultError, WebRequest},
};
use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use url::form_urlencoded;

use self::{
    accept::Accept,
    format::StreamFormat,
    stream_body::{ResponseSlot, StreamBody},
};
use super::{
    loopback::ClientContext,
    operation::Request,
    subscription::{EventSink, Subscription},
    worker::{WorkerState, sender},
};
use crate::{
    graphql::exceeds_json_depth,
    loopback::Purpose,
    request::{ClientError, TRACEPARENT},
    usage::ClientInfo,
};

/// Answers an admitted request if the client asks for a stream. `None` leaves the request unchanged for the engine.
pub(crate) async fn intercept(
    worker: &Rc<WorkerState>,
    identity: &Identity,
    request: &mut WebRequest<DefaultError>,
) -> Option<Response> {
    let accept = Accept::of(request.headers())?;
    match answer(worker, identity, accept, request).await {
        Ok(answer) => answer,
        Err(error) => Some(error.graphql(request.headers())),
    }
}

async fn answer(
    worker: &Rc<WorkerState>,
    identity: &Identity,
    accept: Accept,
    request: &mut WebRequest<DefaultError>,
) -> Result<Option<Response>, ClientError> {
    let body = read(worker, request).await?;
    let Some(mut operation) = operation(request, &body) else {
        // The engine reports the error.
        restore_body(request, body);
        return Ok(None);
    };
    operation.resolve(&worker.server.settings.operations)?;
    let client = Rc::new(client_context(identity, request));
    if let Some(planned) = worker.server.planner().plan(&operation)? {
        let subscription = Subscription::begin(worker.clone(), client, &operation, planned).await?;
        return subscribe(worker, identity, accept.stream, subscription, request).map(Some);
    }
    // Only a POST has a body that was read.
    if accept.takes_json || request.method() != Method::POST {
        restore_body(request, body);
        return Ok(None);
    }
    let response = worker
        .loopback
        .send(&client, Purpose::AdmittedOperation, operation.body())
        .await
        .map_err(|_error| ClientError::unavailable())?;
    let slot = Rc::<ResponseSlot>::default();
    let source = {
        let slot = slot.clone();
        async move {
            slot.deliver(response.body).await;
            None
        }
    };
    let stream = StreamBody::new(accept.stream, slot, source, None);
    Ok(Some(respond(accept.stream, stream)))
}

fn subscribe(
    worker: &Rc<WorkerState>,
    identity: &Identity,
    format: StreamFormat,
    subscription: Subscription,
    request: &WebRequest<DefaultError>,
) -> Result<Response, ClientError> {
    let server = &worker.server;
    if server.stop.is_cancelled() {
        return Err(ClientError::restart());
    }
    let mut permit = server
        .connections
        .acquire()
        .ok_or_else(ClientError::unavailable)?;
    if !permit.assign_to(sender(identity, address(request))) {
        return Err(ClientError::too_many_requests("Too many streams are open."));
    }
    let expiry = server.expiry(identity.viewer().map(AsRef::as_ref));
    let stop = server.stop.clone();
    let slot = Rc::<ResponseSlot>::default();
    let source = {
        let slot = slot.clone();
        async move {
            Some(tokio::select! {
                error = subscription.run(&slot) => error,
                () = stream_body::until(expiry) => ClientError::token_expired(),
                () = stop.cancelled() => ClientError::restart(),
            })
        }
    };
    let stream = StreamBody::new(format, slot, source, Some(permit));
    if let Some(io) = request.io() {
        stream.watch(io.clone());
    }
    Ok(respond(format, stream))
}

fn respond(format: StreamFormat, stream: StreamBody) -> Response {
    let mut response = Response::with_body(StatusCode::OK, Body::from_message(stream));
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_static(format.media_type());
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Disables response buffering in reverse proxies.
    let unbuffered = header::HeaderName::from_static("x-accel-buffering");
    headers.insert(unbuffered, HeaderValue::from_static("no"));
    response
}

/// Reads the body of a request, within the limit on bodies.
async fn read(
    worker: &WorkerState,
    request: &mut WebRequest<DefaultError>,
) -> Result<Bytes, ClientError> {
    if request.method() != Method::POST {
        return Ok(Bytes::new());
    }
    let limits = &worker.server.settings.limits;
    let mut payload = request.take_payload();
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(piece) = std::future::poll_fn(|cx| payload.poll_recv(cx)).await {
            let piece = piece.map_err(|_error| unread())?;
            if body.len() + piece.len() > limits.body_bytes {
                return Err(ClientError::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "PAYLOAD_TOO_LARGE",
                    "The body is larger than this server accepts.",
                ));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(limits.request_timeout, reading)
        .await
        .map_err(|_elapsed| unread())?
}

fn unread() -> ClientError {
    ClientError::bad_request("BAD_REQUEST", "The body could not be read.")
}

fn restore_body(request: &mut WebRequest<DefaultError>, body: Bytes) {
    if request.method() == Method::POST {
        let whole = stream::iter([Ok(body)]);
        request.set_payload(Payload::Stream(Box::pin(whole)));
    }
}

fn operation(request: &WebRequest<DefaultError>, body: &[u8]) -> Option<Request> {
    if request.method() == Method::POST {
        if exceeds_json_depth(body) {
            return None;
        }
        return serde_json::from_slice(body).ok();
    }
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        if exceeds_json_depth(value.as_bytes()) {
            return None;
        }
        let value = if name == "variables" || name == "extensions" {
            serde_json::from_str(&value).ok()?
        } else {
            Value::from(value)
        };
        members.insert(name.into_owned(), value);
    }
    serde_json::from_value(members.into()).ok()
}

fn client_context(identity: &Identity, request: &WebRequest<DefaultError>) -> ClientContext {
    let headers = request.headers();
    let authorization = identity
        .viewer()
        .map(|viewer| viewer.authorization().expose_secret().to_owned().into());
    ClientContext::new(
        authorization,
        address(request),
        headers.get(header::USER_AGENT).cloned(),
        ClientInfo::of(headers),
        headers.get(TRACEPARENT).cloned(),
    )
}

/// Client address that `http_layer` has recorded.
fn address(request: &WebRequest<DefaultError>) -> ClientAddress {
    let address = request.extensions().get::<ClientAddress>().copied();
    address.unwrap_or_else(|| ClientAddress::of(Ipv4Addr::UNSPECIFIED.into()))
}
