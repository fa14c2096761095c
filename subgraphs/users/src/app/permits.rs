//! Bounds for CPU-heavy work: how much runs at once and how much waits.

use std::sync::Arc;

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinError,
};

/// A bounded queue in front of a bounded number of busy threads. Cheap to clone.
#[derive(Clone)]
pub(super) struct Permits {
    running: Arc<Semaphore>,
    slots: Arc<Semaphore>,
}

impl Permits {
    /// Permits for `concurrent` tasks, at least one, while `queue` others wait.
    pub(super) fn new(concurrent: usize, queue: usize) -> Self {
        let concurrent = concurrent.max(1);
        Self {
            running: Arc::new(Semaphore::new(concurrent)),
            slots: Arc::new(Semaphore::new(concurrent + queue)),
        }
    }

    /// Waits for a permit; `None` when the queue is full.
    pub(super) async fn acquire(&self) -> Option<Permit> {
        let slot = self.slots.clone().try_acquire_owned().ok()?;
        // Fails only for a closed semaphore, and this one is never closed.
        let running = self.running.clone().acquire_owned().await.ok()?;
        Some(Permit {
            _held: (slot, running),
        })
    }
}

/// The right to keep one thread busy for one task.
pub(super) struct Permit {
    _held: (OwnedSemaphorePermit, OwnedSemaphorePermit),
}

impl Permit {
    /// Runs `work` on a blocking thread; the error is its panic.
    pub(super) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let span = tracing::Span::current();
        tokio::task::spawn_blocking(move || {
            // The thread holds the permit, not the request: a client that disconnects does not stop the thread.
            let _permit = self;
            span.in_scope(work)
        })
        .await
    }
}

#[cfg(test)]
impl Permits {
    /// Takes every slot of the queue until the returned value is dropped.
    pub(super) fn fill(&self) -> OwnedSemaphorePermit {
        let all = u32::try_from(self.slots.available_permits()).unwrap();
        self.slots.clone().try_acquire_many_owned(all).unwrap()
    }
}
