//! The rest of a body that a route answered without reading.
//!
//! A connection that is closed on what its client still sends is reset, and a client that notices while it writes never
//! reads the answer: the router made a 502 of a 405 that way. So what is left is read first, for a bounded time.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, HttpBody},
    extract::Request,
    http::header,
};
use futures_util::future::poll_fn;

/// More than the largest body that a route takes.
const BYTES: usize = 4 * 1024 * 1024;
const TIME: Duration = Duration::from_secs(2);

/// What a handler has not read of a body.
pub(super) struct Rest(Arc<Mutex<Body>>);

/// A body whose rest can be read when its handler is done with it.
struct Shared {
    body: Arc<Mutex<Body>>,
    hint: http_body::SizeHint,
}

/// Keeps hold of the body of a request, if there is one. Not where the client waits to be asked for it: it will not send
/// what nobody wants.
pub(super) fn keep(request: Request) -> (Request, Option<Rest>) {
    if request.body().is_end_stream() || request.headers().contains_key(header::EXPECT) {
        return (request, None);
    }
    let (parts, body) = request.into_parts();
    let hint = body.size_hint();
    let body = Arc::new(Mutex::new(body));
    let rest = Rest(body.clone());
    let request = Request::from_parts(parts, Body::new(Shared { body, hint }));
    (request, Some(rest))
}

impl Rest {
    /// Reads and forgets it.
    pub(super) async fn drain(self) {
        let mut left = BYTES;
        let read = async {
            while let Some(Ok(frame)) = poll_fn(|cx| poll(&self.0, cx)).await {
                let length = frame.data_ref().map_or(0, Bytes::len);
                match left.checked_sub(length) {
                    Some(rest) => left = rest,
                    None => return,
                }
            }
        };
        // What takes longer is cut off.
        let _ = tokio::time::timeout(TIME, read).await;
    }
}

type Frame = Option<Result<http_body::Frame<Bytes>, axum::Error>>;

fn poll(body: &Mutex<Body>, cx: &mut Context<'_>) -> Poll<Frame> {
    // Nobody else holds it: the handler is done, or it is the handler.
    let mut body = body.lock().unwrap_or_else(PoisonError::into_inner);
    if body.is_end_stream() {
        return Poll::Ready(None);
    }
    Pin::new(&mut *body).poll_frame(cx)
}

impl HttpBody for Shared {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Frame> {
        poll(&self.body, cx)
    }

    fn size_hint(&self) -> http_body::SizeHint {
        self.hint
    }
}
