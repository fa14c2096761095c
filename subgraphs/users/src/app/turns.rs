//! Work that keeps a core busy: so much at once, so much waiting, and no more.

use std::sync::Arc;

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinError,
};

/// A bounded queue before threads that may be busy. Cheap to clone.
#[derive(Clone)]
pub(super) struct Turns {
    running: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

impl Turns {
    /// `at_once` pieces of work, at least one, while `queue` others wait.
    pub(super) fn new(at_once: usize, queue: usize) -> Self {
        let at_once = at_once.max(1);
        Self {
            running: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + queue)),
        }
    }

    /// Waits for a turn; `None` when nobody more may wait.
    pub(super) async fn wait(&self) -> Option<Turn> {
        let place = self.places.clone().try_acquire_owned().ok()?;
        // Fails for a closed semaphore only, and nobody closes this one.
        let running = self.running.clone().acquire_owned().await.ok()?;
        Some(Turn {
            _held: (place, running),
        })
    }
}

/// The right to keep one thread busy, once.
pub(super) struct Turn {
    _held: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

impl Turn {
    /// What `work` returns; the error is its panic.
    pub(super) async fn spend<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            // Held by the thread and not by the request: a client that goes away does not stop the thread.
            let _turn = self;
            span.in_scope(work)
        })
        .await
    }
}

#[cfg(test)]
impl Turns {
    /// Takes every place in the queue until the returned value is dropped.
    pub(super) fn fill(&self) -> OwnedSemaphorePermit {
        let all = u32::try_from(self.places.available_permits()).unwrap();
        self.places.clone().try_acquire_many_owned(all).unwrap()
    }
}
