//! Where a request comes from, said once: what a client writes about itself ends here.

use std::net::{Ipv4Addr, SocketAddr};

use common::client_address::{ClientAddress, FORWARDED_FOR, TrustedProxies};
use hive_router::ntex::{
    http::header::{self, HeaderName, HeaderValue},
    web::{DefaultError, WebRequest},
};

const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// Notes the address of the client for the layers further in, and puts it in the place of what the request says.
pub(super) fn settle(
    proxies: &TrustedProxies,
    is_ours: bool,
    request: &mut WebRequest<DefaultError>,
) {
    // The router says whom it asks for, and has found that out before.
    let own = is_ours.then(|| said(request)).flatten();
    let client = own.unwrap_or_else(|| client_of(proxies, request));
    let headers = request.headers_mut();
    headers.remove(header::FORWARDED);
    headers.remove(REAL_IP);
    headers.remove(FORWARDED_FOR);
    if let Ok(client) = HeaderValue::from_str(&client.to_string()) {
        headers.insert(FORWARDED_FOR, client);
    }
    request.extensions_mut().insert(client);
}

fn said(request: &WebRequest<DefaultError>) -> Option<ClientAddress> {
    let value = request.headers().get(FORWARDED_FOR)?;
    let address = value.to_str().ok()?.parse().ok()?;
    Some(ClientAddress::of(address))
}

fn client_of(proxies: &TrustedProxies, request: &WebRequest<DefaultError>) -> ClientAddress {
    // A connection that is gone by now has no other end any more: it is nobody's.
    let peer = request.peer_addr().as_ref().map(SocketAddr::ip);
    let values = request.headers().get_all(FORWARDED_FOR);
    proxies.client_of(
        peer.unwrap_or(Ipv4Addr::UNSPECIFIED.into()),
        values.map(HeaderValue::as_bytes),
    )
}
