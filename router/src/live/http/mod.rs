//! Answers that are streams: server-sent events, and the multipart streams of Apollo's clients.

mod accept;
mod body;
mod format;

use std::{net::Ipv4Addr, rc::Rc, time::Duration};

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

use self::{accept::Accept, body::Hatch, format::Format};
use super::{
    desk::{Desk, sender, too_much},
    inside::{Asker, Errand},
    operation::Request,
    problem::Problem,
    subscription::{Outlet, Subscription},
};
use crate::{edge::TRACEPARENT, policy};

/// Answers a request that the gate has let in, if its answer is to be a stream. Whatever else it is, is left as it was.
pub(crate) async fn intercept(
    desk: &Rc<Desk>,
    identity: &Identity,
    request: &mut WebRequest<DefaultError>,
) -> Option<Response> {
    let accept = Accept::of(request.headers())?;
    match answer(desk, identity, accept, request).await {
        Ok(answer) => answer,
        Err(problem) => Some(problem.response(request.headers())),
    }
}

async fn answer(
    desk: &Rc<Desk>,
    identity: &Identity,
    accept: Accept,
    request: &mut WebRequest<DefaultError>,
) -> Result<Option<Response>, Problem> {
    let body = read(desk, request).await?;
    let Some(mut operation) = operation(request, &body) else {
        // The engine says what is wrong with it.
        give_back(request, body);
        return Ok(None);
    };
    operation.resolve(&desk.live.operations)?;
    let asker = Rc::new(asker(identity, request));
    if let Some(planned) = desk.live.planner().plan(&operation)? {
        let subscription = Subscription::begin(desk.clone(), asker, &operation, planned).await?;
        return subscribe(desk, identity, accept.stream, subscription, request).map(Some);
    }
    // Only a POST can have been read to its end.
    if accept.takes_json || request.method() != Method::POST {
        give_back(request, body);
        return Ok(None);
    }
    // The gate has counted it.
    let said = desk.loopback.ask(&asker, Errand::Free, operation.body());
    let said = said.await;
    let said = said.map_err(|_error| Problem::unavailable())?;
    let hatch = Rc::<Hatch>::default();
    let source = {
        let hatch = hatch.clone();
        async move {
            hatch.deliver(said.body).await;
            None
        }
    };
    let stream = body::Stream::new(accept.stream, hatch, source, None);
    Ok(Some(respond(accept.stream, stream)))
}

fn subscribe(
    desk: &Rc<Desk>,
    identity: &Identity,
    format: Format,
    subscription: Subscription,
    request: &WebRequest<DefaultError>,
) -> Result<Response, Problem> {
    let live = &desk.live;
    if live.stop.is_cancelled() {
        return Err(Problem::restart());
    }
    let mut seat = live.clients.enter().ok_or_else(Problem::unavailable)?;
    if !seat.is_granted_to(sender(identity, address(request))) {
        return Err(too_much("Too many streams are open."));
    }
    let expiry = live.expiry(identity.viewer().map(AsRef::as_ref));
    let stop = live.stop.clone();
    let hatch = Rc::<Hatch>::default();
    let source = {
        let hatch = hatch.clone();
        async move {
            Some(tokio::select! {
                problem = subscription.run(&hatch) => problem,
                () = body::until(expiry) => Problem::expired(),
                () = stop.cancelled() => Problem::restart(),
            })
        }
    };
    let stream = body::Stream::new(format, hatch, source, Some(seat));
    if let Some(io) = request.io() {
        stream.watch(io.clone());
    }
    Ok(respond(format, stream))
}

fn respond(format: Format, stream: body::Stream) -> Response {
    let mut response = Response::with_body(StatusCode::OK, Body::from_message(stream));
    let headers = response.headers_mut();
    let media_type = HeaderValue::from_static(format.media_type());
    headers.insert(header::CONTENT_TYPE, media_type);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A reverse proxy that collects an answer before it passes it on is told not to.
    let unbuffered = header::HeaderName::from_static("x-accel-buffering");
    headers.insert(unbuffered, HeaderValue::from_static("no"));
    response
}

/// The body of a request, within the limit of the graph.
async fn read(desk: &Desk, request: &mut WebRequest<DefaultError>) -> Result<Bytes, Problem> {
    if request.method() != Method::POST {
        return Ok(Bytes::new());
    }
    let most = desk.live.limits.body_bytes;
    let mut payload = request.take_payload();
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(piece) = std::future::poll_fn(|cx| payload.poll_recv(cx)).await {
            let piece = piece.map_err(|_error| unread())?;
            if body.len() + piece.len() > most {
                return Err(Problem::new(
                    StatusCode::PAYLOAD_TOO_LARGE,
                    "PAYLOAD_TOO_LARGE",
                    "The body is larger than this server accepts.",
                ));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    };
    let patience: Duration = desk.live.patience;
    tokio::time::timeout(patience, reading)
        .await
        .map_err(|_elapsed| unread())?
}

fn unread() -> Problem {
    Problem::of_request("BAD_REQUEST", "The body could not be read.")
}

fn give_back(request: &mut WebRequest<DefaultError>, body: Bytes) {
    if request.method() == Method::POST {
        let whole = stream::iter([Ok(body)]);
        request.set_payload(Payload::Stream(Box::pin(whole)));
    }
}

fn operation(request: &WebRequest<DefaultError>, body: &[u8]) -> Option<Request> {
    if request.method() == Method::POST {
        if policy::is_too_deep(body) {
            return None;
        }
        return serde_json::from_slice(body).ok();
    }
    let mut members = Map::new();
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        if policy::is_too_deep(value.as_bytes()) {
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

fn asker(identity: &Identity, request: &WebRequest<DefaultError>) -> Asker {
    let headers = request.headers();
    let authorization = identity
        .viewer()
        .map(|viewer| viewer.authorization().expose_secret().to_owned().into());
    Asker {
        events: tokio::sync::Semaphore::new(Asker::EVENTS),
        authorization,
        address: address(request),
        agent: headers.get(header::USER_AGENT).cloned(),
        trace: headers.get(TRACEPARENT).cloned(),
    }
}

/// As `edge` has noted it.
fn address(request: &WebRequest<DefaultError>) -> ClientAddress {
    let noted = request.extensions().get::<ClientAddress>().copied();
    noted.unwrap_or_else(|| ClientAddress::of(Ipv4Addr::UNSPECIFIED.into()))
}
