//! Constants that several modules share.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

/// Address that the router listens on unless `LISTEN_ADDR` sets another.
pub const DEFAULT_ADDRESS: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4000);

/// Path of the GraphQL endpoint.
pub(crate) const GRAPHQL_PATH: &str = "/graphql";

/// Idle time-out of connections to services. It is below 60 s, after which common load balancers drop idle connections
/// without closing them.
pub(crate) const SUBGRAPH_IDLE: Duration = Duration::from_secs(50);

/// Grace period for requests in flight at shutdown. It equals the default subgraph time-out, so a request that is cut off
/// was waiting for an answer that would not have come.
pub(crate) const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);
