//! What may be said in either direction.

use common::client_address::{ClientAddress, FORWARDED_FOR};
use hive_router::ntex::{
    http::{HeaderMap as ClientHeaders, header::HeaderValue as ClientValue},
    web::{DefaultError, WebRequest},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::upload::Length;

/// Of one connection, and not of the message on it (RFC 9110, 7.6.1, and what the IANA registry calls obsolete).
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
const PROXY: &str = "proxy-";

/// Written here and nowhere else. A client that could write them could pretend to be another.
const FORWARDED_PREFIX: &str = "x-forwarded-";
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PATH: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Written by `edge`; not for `Connection` to take off again.
const TRACE: [&str; 2] = ["traceparent", "x-request-id"];

/// Which pages may read an answer is decided by `edge`, for every path alike.
const CORS: &str = "access-control-";

/// The headers that a service gets.
pub(super) fn for_service(
    request: &WebRequest<DefaultError>,
    prefix: Option<&'static str>,
    length: Length,
) -> HeaderMap {
    let received = request.headers();
    let named = named(
        received
            .get_all(header::CONNECTION)
            .map(ClientValue::as_bytes),
    );
    let mut headers = HeaderMap::with_capacity(received.len() + 5);
    for (name, value) in received {
        let is_kept = !is_of_connection(name, &named) && !is_written_here(name);
        // What arrived as a header can be sent as one.
        if is_kept && let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.append(name.clone(), value);
        }
    }
    drop_blank_authorization(&mut headers);
    match length {
        Length::None => None,
        Length::Known(length) => headers.insert(header::CONTENT_LENGTH, length.into()),
        // Without it the client would take a GET to have no body.
        Length::Unknown => headers.insert(
            header::TRANSFER_ENCODING,
            HeaderValue::from_static("chunked"),
        ),
    };
    forwarded(&mut headers, request, prefix);
    headers
}

/// The headers of a service's answer that a client gets; not among them the length, which is a matter of the body.
pub(super) fn for_client(received: &HeaderMap) -> ClientHeaders {
    let named = named(
        received
            .get_all(header::CONNECTION)
            .iter()
            .map(HeaderValue::as_bytes),
    );
    let mut headers = ClientHeaders::with_capacity(received.len());
    for (name, value) in received {
        let is_dropped = is_of_connection(name, &named)
            || *name == header::CONTENT_LENGTH
            || name.as_str().starts_with(CORS);
        if !is_dropped {
            headers.append(name.clone(), value.into());
        }
    }
    headers
}

/// The length that a service announces, if it means it (RFC 9112, 6.3).
pub(super) fn announced_length(received: &HeaderMap) -> Option<&HeaderValue> {
    if received.contains_key(header::TRANSFER_ENCODING) {
        return None;
    }
    received.get(header::CONTENT_LENGTH)
}

/// What the `Connection` headers name, in lower case.
fn named<'a>(values: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    values
        .filter_map(|value| std::str::from_utf8(value).ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !TRACE.contains(&name.as_str()))
        .collect()
}

fn is_of_connection(name: &HeaderName, named: &[String]) -> bool {
    HOP_BY_HOP.contains(name)
        || name.as_str().starts_with(PROXY)
        || named.iter().any(|other| other == name.as_str())
}

fn is_written_here(name: &HeaderName) -> bool {
    // `Expect` has been answered: by the time a request gets here its client has been told to go on.
    const OURS: [HeaderName; 5] = [
        header::HOST,
        header::CONTENT_LENGTH,
        header::EXPECT,
        header::FORWARDED,
        REAL_IP,
    ];
    OURS.contains(name) || name.as_str().starts_with(FORWARDED_PREFIX)
}

/// Some clients build the header before they have a token. `gate` reads it in the same way for the graph.
fn drop_blank_authorization(headers: &mut HeaderMap) {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    if let (Some(only), None) = (values.next(), values.next())
        && only.as_bytes().trim_ascii().is_empty()
    {
        headers.remove(header::AUTHORIZATION);
    }
}

fn forwarded(
    headers: &mut HeaderMap,
    request: &WebRequest<DefaultError>,
    prefix: Option<&'static str>,
) {
    // `edge` has noted it.
    let client = request.extensions().get().map(ClientAddress::to_string);
    if let Some(client) = client.and_then(|client| HeaderValue::from_str(&client).ok()) {
        headers.insert(FORWARDED_FOR, client);
    }
    let host = request.headers().get(header::HOST);
    if let Some(host) = host.and_then(|host| HeaderValue::from_bytes(host.as_bytes()).ok()) {
        headers.insert(FORWARDED_HOST, host);
    }
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static("http"));
    if let Some(prefix) = prefix {
        headers.insert(FORWARDED_PATH, HeaderValue::from_static(prefix));
    }
}
