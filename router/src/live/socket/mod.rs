//! WebSocket clients: graphql-transport-ws.
//!
//! A session takes the connection from the server and drives it itself, because the server's dispatcher does not report when a
//! message is written, which is how a slow client is recognized.

mod close_cause;
mod handshake;
mod message;
mod operation_task;
mod session;
mod transport;

use std::rc::Rc;

use hive_router::ntex::{
    SharedCfg,
    http::{HeaderMap, Response, StatusCode, body::BodySize, h1, header},
    io::{IoBoxed, IoConfig},
    time::Seconds,
    web::{DefaultError, WebRequest},
    ws,
};

use super::worker::WorkerState;
use crate::request::ClientError;
use handshake::Handshake;
use message::PROTOCOL;
use session::Session;
use transport::Transport;

/// Whether a request asks for an upgrade to WebSocket.
pub(crate) fn is_upgrade(headers: &HeaderMap) -> bool {
    headers
        .get(header::UPGRADE)
        .is_some_and(|value| value.as_bytes().eq_ignore_ascii_case(b"websocket"))
}

/// Upgrades a request to a WebSocket. The response is sent here; the returned one is for the log only.
pub(crate) fn upgrade(
    worker: &Rc<WorkerState>,
    request: &WebRequest<DefaultError>,
) -> Result<Response, ClientError> {
    let server = &worker.server;
    if server.stop.is_cancelled() {
        return Err(unavailable("The server restarts. Connect again."));
    }
    let headers = request.headers();
    if !is_allowed_origin(headers, &server.settings.origins) {
        return Err(ClientError::new(
            StatusCode::FORBIDDEN,
            "FORBIDDEN",
            "Pages of this origin may not connect.",
        ));
    }
    if !offers_protocol(headers) {
        return Err(ClientError::bad_request(
            "BAD_REQUEST",
            format!("The subprotocol of a WebSocket must be {PROTOCOL}."),
        ));
    }
    let mut answer = ws::handshake(request.head())
        .map_err(|_error| not_a_websocket("This is not the handshake of a WebSocket."))?;
    answer.set_header(header::SEC_WEBSOCKET_PROTOCOL, PROTOCOL);
    let permit = server
        .connections
        .acquire()
        .ok_or_else(|| unavailable("Too many clients are connected. Try again in a moment."))?;
    let handshake = Handshake::of(request);
    let (io, codec) = request
        .head()
        .take_io()
        .ok_or_else(|| not_a_websocket("This connection cannot become a WebSocket."))?;
    let (answer, _body) = answer.finish().into_parts();
    io.encode(h1::Message::Item((answer, BodySize::Empty)), &codec)
        .map_err(|_error| not_a_websocket("This connection cannot become a WebSocket."))?;
    let session = Session::new(
        worker.clone(),
        permit,
        Transport::new(prepared(io)),
        handshake,
    );
    tokio::task::spawn_local(session.run());
    Ok(Response::new(StatusCode::SWITCHING_PROTOCOLS))
}

/// Removes the server's HTTP time-outs from the connection.
fn prepared(io: IoBoxed) -> IoBoxed {
    thread_local! {
        static CONFIG: SharedCfg = SharedCfg::new("live")
            .add(IoConfig::new().set_keepalive_timeout(Seconds::ZERO))
            .into();
    }
    io.set_config(CONFIG.with(Clone::clone));
    // The time-out of the request head would still run.
    io.stop_timer();
    io
}

/// Whether the page that opened the WebSocket may do so. Browsers let any page open one to any origin and send `Origin`; other
/// clients send none.
fn is_allowed_origin(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else {
        return false;
    };
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let is_own = origin
        .split_once("://")
        .is_some_and(|(_scheme, authority)| Some(authority) == host);
    is_own || allowed.iter().any(|allowed| allowed == origin)
}

fn offers_protocol(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|offered| offered.trim() == PROTOCOL)
}

fn unavailable(message: &str) -> ClientError {
    ClientError::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "SERVICE_UNAVAILABLE",
        message,
    )
    .with_header(header::RETRY_AFTER, "1")
}

fn not_a_websocket(message: &str) -> ClientError {
    ClientError::bad_request("BAD_REQUEST", message)
}

#[cfg(test)]
mod tests {
    use hive_router::ntex::http::header::HeaderValue;

    use super::*;

    #[test]
    fn own_and_listed_origins_may_connect() {
        let may = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("api.example.com"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_str(origin).unwrap());
            }
            is_allowed_origin(&headers, &["https://app.example.com".to_owned()])
        };
        assert!(may(None), "it is no browser");
        assert!(may(Some("https://api.example.com")));
        assert!(may(Some("https://app.example.com")));
        for other in [
            "https://evil.com",
            "null",
            "",
            "https://api.example.com.evil.com",
            "https://api.example.com:444",
        ] {
            assert!(!may(Some(other)), "{other}");
        }
    }
}
