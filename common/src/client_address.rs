//! The address that a request comes from, the same for everybody who logs, limits or passes it on.
//!
//! Anybody can write an `X-Forwarded-For`. What a proxy of ours adds to it stands at its right end, so the list is read
//! from there, and only for as long as the addresses are those of proxies that we know.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderName, HeaderValue},
};
use ipnet::IpNet;

use crate::config::{ConfigError, Env, malformed};

pub const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

const NAME: &str = "TRUSTED_PROXIES";
const EXPECTS: &str = "IP addresses or networks such as 10.0.0.0/8, separated by commas";

/// The address of a client. One of IPv4 is that, whichever kind of socket or notation it came in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(IpAddr);

/// Whose word is taken for the address of a client.
#[derive(Clone, Debug)]
pub struct TrustedProxies(Arc<[IpNet]>);

impl TrustedProxies {
    /// `TRUSTED_PROXIES` of the router. Nobody by default: it is the one that strangers reach.
    pub fn of_router(env: &Env) -> Result<Self, ConfigError> {
        Self::from_env(env, "")
    }

    /// `TRUSTED_PROXIES` of a service. This machine by default, because the router runs there.
    pub fn of_service(env: &Env) -> Result<Self, ConfigError> {
        Self::from_env(env, "127.0.0.0/8, ::1")
    }

    fn from_env(env: &Env, default: &str) -> Result<Self, ConfigError> {
        let list = env.optional(NAME).unwrap_or(default).split(',');
        list.map(str::trim)
            .filter(|item| !item.is_empty())
            .map(|item| network(item).map_err(|problem| malformed(NAME, EXPECTS, problem)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// The client of a request: the peer, or, when that is a trusted proxy, the rightmost address of `X-Forwarded-For`
    /// that is not one. Several headers are one list. An entry that is no address ends it: the last good one counts.
    pub fn client_of<'a>(
        &self,
        peer: IpAddr,
        forwarded_for: impl IntoIterator<Item = &'a [u8]>,
    ) -> ClientAddress {
        let mut client = ClientAddress::of(peer);
        if !self.trusts(client) {
            return client;
        }
        let values: Vec<_> = forwarded_for.into_iter().collect();
        let entries = values
            .iter()
            .rev()
            .flat_map(|value| value.rsplit(|byte| *byte == b','));
        for entry in entries.map_while(address) {
            client = entry;
            if !self.trusts(client) {
                break;
            }
        }
        client
    }

    /// The client of a request to an axum server that notes the peers of its connections, as [`crate::server::serve`]
    /// does. Without a note all are one client, whom nobody vouches for.
    pub fn client_of_request(&self, extensions: &Extensions, headers: &HeaderMap) -> ClientAddress {
        let peer = extensions.get::<ConnectInfo<SocketAddr>>();
        let peer = peer.map_or(Ipv4Addr::UNSPECIFIED.into(), |ConnectInfo(peer)| peer.ip());
        let values = headers.get_all(FORWARDED_FOR).into_iter();
        self.client_of(peer, values.map(HeaderValue::as_bytes))
    }

    fn trusts(&self, ClientAddress(address): ClientAddress) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }
}

impl ClientAddress {
    pub fn of(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    pub fn ip(self) -> IpAddr {
        self.0
    }

    /// Whom a limit counts. Of IPv6 a customer has a /64 at least, with more addresses than anything could count.
    #[must_use]
    pub fn customer(self) -> Self {
        const NETWORK: u128 = !0 << 64;
        match self.0 {
            IpAddr::V4(_) => self,
            IpAddr::V6(address) => Self(Ipv6Addr::from_bits(address.to_bits() & NETWORK).into()),
        }
    }
}

impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address, or a network in the notation of CIDR.
fn network(item: &str) -> Result<IpNet, String> {
    if let Ok(address) = item.parse::<IpAddr>() {
        return Ok(address.to_canonical().into());
    }
    let network: IpNet = item.parse().map_err(|error| format!("{item}: {error}"))?;
    // Addresses are compared in their IPv4 form, so such a network would never match.
    if network.addr().to_canonical() != network.addr() {
        return Err(format!("{item}: write it as an IPv4 network"));
    }
    if network.network() != network.addr() {
        return Err(format!("{item}: did you mean {}", network.trunc()));
    }
    Ok(network)
}

/// An entry of the list, in the ways that proxies write one: some add the port, or put IPv6 in brackets.
fn address(entry: &[u8]) -> Option<ClientAddress> {
    let entry = std::str::from_utf8(entry.trim_ascii()).ok()?;
    let bare = entry
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .filter(|inner| Ipv6Addr::from_str(inner).is_ok());
    let address = IpAddr::from_str(bare.unwrap_or(entry));
    let address = address.or_else(|_| SocketAddr::from_str(entry).map(|socket| socket.ip()));
    address.ok().map(ClientAddress::of)
}

#[cfg(test)]
#[path = "client_address_tests.rs"]
mod tests;
