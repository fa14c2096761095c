//! The HTTP client for services and for the loopback.

use std::time::Duration;

use reqwest::{Client, redirect, retry};

use crate::defaults::SUBGRAPH_IDLE;

/// A SYN that is lost is sent again after a second (RFC 6298, 2.1): time for that once. A service that is down refuses at
/// once, so this is only waited for when its machine is gone.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Idle connections that one worker keeps to one service. A service works on a handful of requests at a time (its pool of
/// database connections); connections beyond what a burst left behind are cheaper to open anew than to keep.
const IDLE_CONNECTIONS: usize = 32;

pub(crate) fn http_client() -> reqwest::Result<Client> {
    Client::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS)
        .pool_idle_timeout(SUBGRAPH_IDLE)
        .http1_only()
        .no_proxy()
        // A redirect is the client's to follow, and a request may not be one that can be sent twice. (A request that
        // finds its idle connection closed before the first byte of it was written still takes another one.)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        // Bodies go through as they are, whatever other crates want reqwest to understand.
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .build()
}
