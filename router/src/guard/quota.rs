//! Applies the rate limit, before any other work on a request.
//!
//! The graph, the REST API and the pages share one quota. A request with an invalid token counts against its IP address.

use common::{
    auth::{Identity, Viewer},
    client_address::ClientAddress,
    error::Error,
};
use hive_router::ntex::web::{DefaultError, WebRequest};

use crate::{
    loopback::Purpose,
    rate::{Counter, RateLimitStatus, Sender},
    request::ClientError,
};

/// Probes are exempt: their answers are constant or cached for a second.
const EXEMPT_PATHS: [&str; 2] = ["/health", "/ready"];

pub(super) fn is_counted(counter: &Counter, request: &WebRequest<DefaultError>) -> bool {
    counter.is_on() && !EXEMPT_PATHS.contains(&request.path()) && !is_exempt_loopback(request)
}

/// Whether the request is a loopback request that no client caused, or one whose cause has been counted.
fn is_exempt_loopback(request: &WebRequest<DefaultError>) -> bool {
    let purpose = request.extensions().get::<Purpose>().copied();
    purpose.is_some_and(|purpose| !purpose.is_rate_limited())
}

/// Counts a request. Returns the state of the quota, if one applies.
pub(super) async fn count(
    counter: &Counter,
    request: &WebRequest<DefaultError>,
    identity: &Result<Identity, Error>,
) -> Option<RateLimitStatus> {
    // Set by `http_layer`.
    let address = request.extensions().get::<ClientAddress>().copied()?;
    let viewer = identity.as_ref().ok().and_then(Identity::viewer);
    let viewer = viewer.map(AsRef::<Viewer>::as_ref);
    counter.count(Sender::of(viewer, address)).await
}

pub(super) fn check(status: &RateLimitStatus) -> Result<(), ClientError> {
    if status.is_refused() {
        return Err(ClientError::too_many_requests(
            "Too many requests. Please wait for as many seconds as Retry-After says.",
        ));
    }
    Ok(())
}
