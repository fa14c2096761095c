//! Rate limits by user or address.
//!
//! Requests are counted by the generic cell rate algorithm: the whole quota is available at once and refills evenly over a
//! minute. Counts are kept in this process, or in a [`store`] if several routers share quotas.

mod config;
mod local;
mod quota;
mod sender;
mod store;
mod store_fallback;

use std::sync::Arc;

pub use config::RateLimits;
pub(crate) use quota::RateLimitStatus;
pub(crate) use sender::Sender;

use local::Local;
use quota::WINDOW;
use store::Store;
use store_fallback::StoreFallback;

/// State that all workers share.
#[derive(Clone)]
pub(crate) struct Rate(Arc<Shared>);

struct Shared {
    limits: RateLimits,
    anonymous: Option<Local>,
    user: Option<Local>,
    fallback: StoreFallback,
}

impl Rate {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self(Arc::new(Shared {
            anonymous: limits.anonymous.map(Local::new),
            user: limits.user.map(Local::new),
            limits,
            fallback: StoreFallback::default(),
        }))
    }

    /// The counter of one worker. Connections to the store end with the thread that opened them, so each worker has its own.
    pub(crate) fn worker(&self) -> Counter {
        Counter {
            store: self.0.limits.store.as_ref().map(Store::new),
            shared: self.0.clone(),
        }
    }

    /// Evicts senders with a full quota every minute, for as long as the process lives. Without it memory would grow with every
    /// address.
    pub(crate) async fn evict_periodically(self) {
        let mut ticks = tokio::time::interval(WINDOW);
        loop {
            ticks.tick().await;
            for local in self.0.anonymous.iter().chain(&self.0.user) {
                local.evict();
            }
        }
    }
}

/// Counts requests, on the thread of one worker.
pub(crate) struct Counter {
    shared: Arc<Shared>,
    store: Option<Store>,
}

impl Counter {
    /// Whether any limit is configured.
    pub(crate) fn is_on(&self) -> bool {
        self.shared.anonymous.is_some() || self.shared.user.is_some()
    }

    /// Counts a request of a sender. Returns the state of the quota, if a limit applies.
    pub(crate) async fn count(&self, sender: Sender) -> Option<RateLimitStatus> {
        let local = match sender {
            Sender::User(_) => &self.shared.user,
            Sender::Address(_) => &self.shared.anonymous,
        };
        let local = local.as_ref()?;
        let stored = match &self.store {
            Some(store) => {
                store
                    .count(&self.shared.fallback, local.quota(), sender)
                    .await
            }
            None => None,
        };
        Some(stored.unwrap_or_else(|| local.count(sender)))
    }
}
