//! Which headers are forwarded, in both directions.

use common::client_address::{ClientAddress, FORWARDED_FOR};
use hive_router::ntex::{
    http::{HeaderMap as ClientHeaders, header::HeaderValue as ClientValue},
    web::{DefaultError, WebRequest},
};
use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::upload::Length;

/// Hop-by-hop headers (RFC 9110, 7.6.1, and obsolete ones of the IANA registry).
const HOP_BY_HOP: [HeaderName; 6] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
const PROXY: &str = "proxy-";

/// Only the router writes these: a client that could set them could impersonate another.
const FORWARDED_PREFIX: &str = "x-forwarded-";
const FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");
const FORWARDED_PATH: HeaderName = HeaderName::from_static("x-forwarded-prefix");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Set by `http_layer`; a `Connection` header must not remove them.
const TRACE: [&str; 2] = ["traceparent", "x-request-id"];

/// `http_layer` answers CORS for every path.
const CORS: &str = "access-control-";

/// Headers for the service.
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
        let is_kept = !is_hop_by_hop(name, &named) && !is_set_by_router(name);
        // A received header value is valid for sending.
        if is_kept && let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.append(name.clone(), value);
        }
    }
    drop_blank_authorization(&mut headers);
    match length {
        Length::None => None,
        Length::Known(length) => headers.insert(header::CONTENT_LENGTH, length.into()),
        // Otherwise the HTTP client would send a GET without its body.
        Length::Unknown => headers.insert(
            header::TRANSFER_ENCODING,
            HeaderValue::from_static("chunked"),
        ),
    };
    forwarded(&mut headers, request, prefix);
    headers
}

/// Headers for the client, without the length, which depends on the framing of the body.
pub(super) fn for_client(received: &HeaderMap) -> ClientHeaders {
    let named = named(
        received
            .get_all(header::CONNECTION)
            .iter()
            .map(HeaderValue::as_bytes),
    );
    let mut headers = ClientHeaders::with_capacity(received.len());
    for (name, value) in received {
        let is_dropped = is_hop_by_hop(name, &named)
            || *name == header::CONTENT_LENGTH
            || name.as_str().starts_with(CORS);
        if !is_dropped {
            headers.append(name.clone(), value.into());
        }
    }
    headers
}

/// The announced length of a response, unless it is chunked (RFC 9112, 6.3).
pub(super) fn announced_length(received: &HeaderMap) -> Option<&HeaderValue> {
    if received.contains_key(header::TRANSFER_ENCODING) {
        return None;
    }
    received.get(header::CONTENT_LENGTH)
}

/// Header names in the `Connection` headers, in lower case.
fn named<'a>(values: impl Iterator<Item = &'a [u8]>) -> Vec<String> {
    values
        .filter_map(|value| std::str::from_utf8(value).ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !TRACE.contains(&name.as_str()))
        .collect()
}

fn is_hop_by_hop(name: &HeaderName, named: &[String]) -> bool {
    HOP_BY_HOP.contains(name)
        || name.as_str().starts_with(PROXY)
        || named.iter().any(|other| other == name.as_str())
}

fn is_set_by_router(name: &HeaderName) -> bool {
    // `Expect` has been answered before a request gets here.
    const OURS: [HeaderName; 5] = [
        header::HOST,
        header::CONTENT_LENGTH,
        header::EXPECT,
        header::FORWARDED,
        REAL_IP,
    ];
    OURS.contains(name) || name.as_str().starts_with(FORWARDED_PREFIX)
}

/// Drops an empty header, as `guard` does for the graph: some clients build it before they have a token.
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
    // Set by `http_layer`.
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
