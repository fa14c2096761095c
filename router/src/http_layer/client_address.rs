//! Resolves the client address. Address headers that a client wrote itself are removed here.

use std::net::{Ipv4Addr, SocketAddr};

use common::client_address::{ClientAddress, FORWARDED_FOR, TrustedProxies};
use hive_router::ntex::{
    http::header::{self, HeaderName, HeaderValue},
    web::{DefaultError, WebRequest},
};

const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Records the client address for the inner layers and replaces the request's address headers with it.
pub(super) fn resolve(
    proxies: &TrustedProxies,
    is_loopback: bool,
    request: &mut WebRequest<DefaultError>,
) {
    // A loopback request carries the address that was resolved for the client's own request.
    let forwarded = is_loopback.then(|| forwarded(request)).flatten();
    let client = forwarded.unwrap_or_else(|| client_of(proxies, request));
    let headers = request.headers_mut();
    headers.remove(header::FORWARDED);
    headers.remove(REAL_IP);
    headers.remove(FORWARDED_FOR);
    if let Ok(client) = HeaderValue::from_str(&client.to_string()) {
        headers.insert(FORWARDED_FOR, client);
    }
    request.extensions_mut().insert(client);
}

fn forwarded(request: &WebRequest<DefaultError>) -> Option<ClientAddress> {
    let value = request.headers().get(FORWARDED_FOR)?;
    let address = value.to_str().ok()?.parse().ok()?;
    Some(ClientAddress::of(address))
}

fn client_of(proxies: &TrustedProxies, request: &WebRequest<DefaultError>) -> ClientAddress {
    // A connection that is closed by now has no peer address.
    let peer = request.peer_addr().as_ref().map(SocketAddr::ip);
    let values = request.headers().get_all(FORWARDED_FOR);
    proxies.client_of(
        peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
        values.map(HeaderValue::as_bytes),
    )
}
