//! How many requests are being answered, so that a stop can wait for them.
//!
//! The engine's server waits when it stops, but only for those of its workers that take new connections at that moment
//! (ntex-server 3.11, `HandleCmdState::stop`): a worker that is busy to its limit would be cut off.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
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

/// A request in flight, until it is dropped.
pub(crate) struct Guard(Arc<State>);

impl InFlight {
    pub(crate) fn enter(&self) -> Guard {
        self.0.requests.fetch_add(1, Ordering::AcqRel);
        Guard(self.0.clone())
    }

    /// From now on connections are closed after their answer.
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

impl Drop for Guard {
    fn drop(&mut self) {
        if self.0.requests.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.ended.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
