//! How often somebody may ask, which is settled before anything else is done for the request.
//!
//! One quota is for the graph, the REST API and the pages alike. A bad token is nobody's: it counts against the address
//! it comes from, and is refused where it would be without a limit.

use common::{
    auth::{Identity, Viewer},
    client_address::ClientAddress,
    error::Error,
};
use hive_router::ntex::{
    http::StatusCode,
    web::{DefaultError, WebRequest},
};

use crate::{
    inside::Errand,
    rate::{Counter, Sender, Standing},
    reply::Refusal,
};

/// What supervisors ask, as often as they like. It costs nothing, or is answered from memory for a second.
const UNCOUNTED: [&str; 2] = ["/health", "/ready"];

pub(super) fn is_counted(counter: &Counter, request: &WebRequest<DefaultError>) -> bool {
    counter.is_on() && !UNCOUNTED.contains(&request.path()) && !is_free(request)
}

/// Whether it is the router that asks, for something that is not counted, or not again.
fn is_free(request: &WebRequest<DefaultError>) -> bool {
    let errand = request.extensions().get::<Errand>().copied();
    errand.is_some_and(|errand| !errand.is_counted())
}

/// Counts a request; how its sender stands, if there is a limit for it.
pub(super) async fn count(
    counter: &Counter,
    request: &WebRequest<DefaultError>,
    sender: &Result<Identity, Error>,
) -> Option<Standing> {
    // `edge` has noted it.
    let address = request.extensions().get::<ClientAddress>().copied()?;
    let viewer = sender.as_ref().ok().and_then(Identity::viewer);
    let viewer = viewer.map(AsRef::<Viewer>::as_ref);
    counter.count(Sender::of(viewer, address)).await
}

/// What whoever asks too often is told.
pub(super) fn refusal(standing: &Standing) -> Option<Refusal> {
    standing.is_refused().then(|| {
        Refusal::new(
            StatusCode::TOO_MANY_REQUESTS,
            "RATE_LIMITED",
            "Too many requests. Please wait for as many seconds as Retry-After says.",
        )
    })
}
