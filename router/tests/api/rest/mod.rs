//! The REST API of the services, as it is seen at the router.

mod downloads;
mod headers;
mod limits;
mod log;
mod outage;
mod paths;
mod stop;
mod uploads;

use std::convert::Infallible;

use futures_util::{Stream, stream};
use tokio::sync::mpsc;

type Pieces = mpsc::UnboundedSender<&'static str>;

/// A body that a test sends piece by piece.
fn pieces() -> (
    Pieces,
    impl Stream<Item = Result<&'static str, Infallible>> + Send + 'static,
) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let stream = stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (Ok(piece), receiver))
    });
    (sender, stream)
}
