//! Counts the requests in flight, so that shutdown can wait for them.
//!
//! The engine's server waits at shutdown, but only for workers that accept connections at that moment (ntex-server 3.11,
//! `HandleCmdState::stop`): a worker at its connection limit would be cut off.

use std::{
    error::Error,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use hive_router::ntex::{
    http::body::{Body, BodySize, MessageBody, ResponseBody},
    util::Bytes,
};
use tokio::sync::Notify;

/// Counts the requests in flight in all workers.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<State>);

#[derive(Default)]
struct State {
    requests: AtomicUsize,
    stopping: AtomicBool,
    ended: Notify,
}

/// A request that is in flight until this is dropped.
pub(crate) struct InFlightRequest(Arc<State>);

impl InFlight {
    pub(crate) fn enter(&self) -> InFlightRequest {
        self.0.requests.fetch_add(1, Ordering::AcqRel);
        InFlightRequest(self.0.clone())
    }

    /// Closes connections after their current response from now on.
    pub(crate) fn stop(&self) {
        self.0.stopping.store(true, Ordering::Release);
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::Acquire)
    }

    /// Waits until no request is in flight.
    pub(crate) async fn idle(&self) {
        loop {
            let ended = self.0.ended.notified();
            tokio::pin!(ended);
            // Registered before the count is read, so that the last end cannot slip in between.
            ended.as_mut().enable();
            if self.0.requests.load(Ordering::Acquire) == 0 {
                return;
            }
            ended.await;
        }
    }
}

impl InFlightRequest {
    /// Keeps the request in flight until its response is sent: a streamed response outlives its handler.
    pub(crate) fn until_sent(self, body: ResponseBody<Body>) -> ResponseBody<Body> {
        match body.size() {
            BodySize::Stream => {
                let counted = Counted {
                    body,
                    _in_flight: self,
                };
                ResponseBody::Body(Body::from_message(counted))
            }
            BodySize::None | BodySize::Empty | BodySize::Sized(_) => body,
        }
    }
}

/// A response body that keeps its request in flight until it is dropped, at its end or with its connection.
struct Counted {
    body: ResponseBody<Body>,
    _in_flight: InFlightRequest,
}

impl MessageBody for Counted {
    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next_chunk(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
        self.body.poll_next_chunk(cx)
    }
}

impl Drop for InFlightRequest {
    fn drop(&mut self) {
        if self.0.requests.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Endless;

    impl MessageBody for Endless {
        fn size(&self) -> BodySize {
            BodySize::Stream
        }

        fn poll_next_chunk(
            &mut self,
            _cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Bytes, Rc<dyn Error>>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn streamed_response_is_in_flight_until_its_end() {
        let in_flight = InFlight::default();
        let whole = in_flight.enter().until_sent(Body::from("whole").into());
        in_flight.idle().await;
        drop(whole);
        let streamed = Body::from_message(Endless).into();
        let streamed = in_flight.enter().until_sent(streamed);
        let waiting = tokio::spawn({
            let in_flight = in_flight.clone();
            async move { in_flight.idle().await }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(streamed);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn idle_waits_for_the_last_request() {
        let in_flight = InFlight::default();
        in_flight.idle().await;
        let (first, second) = (in_flight.enter(), in_flight.enter());
        let waiting = tokio::spawn({
            let in_flight = in_flight.clone();
            async move { in_flight.idle().await }
        });
        drop(first);
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(second);
        waiting.await.unwrap();
    }
}
