//! How many requests a minute a sender may make.
//!
//! Each is counted by the generic cell rate algorithm: a quota is there at once, and comes back evenly, one request after
//! another, over a minute. Counts are kept by this process, or, where several routers share one quota, in a [`store`].

mod config;
mod local;
mod outage;
mod quota;
mod sender;
mod store;

use std::sync::Arc;

pub use config::RateLimits;
pub(crate) use quota::Standing;
pub(crate) use sender::Sender;

use local::Local;
use outage::Outage;
use quota::WINDOW;
use store::Store;

/// What all workers count with.
#[derive(Clone)]
pub(crate) struct Rate(Arc<Shared>);

struct Shared {
    limits: RateLimits,
    anonymous: Option<Local>,
    user: Option<Local>,
    outage: Outage,
}

impl Rate {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Self(Arc::new(Shared {
            anonymous: limits.anonymous.map(Local::new),
            user: limits.user.map(Local::new),
            limits,
            outage: Outage::default(),
        }))
    }

    /// What one worker counts with. A connection ends with the thread that opened it, so each has its own.
    pub(crate) fn worker(&self) -> Counter {
        Counter {
            store: self.0.limits.store.as_ref().map(Store::new),
            shared: self.0.clone(),
        }
    }

    /// Forgets senders whose quota is whole again, now and then, for as long as the process lives: without it the memory
    /// would grow with every address that ever asked.
    pub(crate) async fn forget_now_and_then(self) {
        let mut ticks = tokio::time::interval(WINDOW);
        loop {
            ticks.tick().await;
            for local in self.0.anonymous.iter().chain(&self.0.user) {
                local.forget();
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
    /// Whether anybody is limited.
    pub(crate) fn is_on(&self) -> bool {
        self.shared.anonymous.is_some() || self.shared.user.is_some()
    }

    /// Counts a request of a sender, if there is a limit for it: how the sender stands now.
    pub(crate) async fn count(&self, sender: Sender) -> Option<Standing> {
        let local = match sender {
            Sender::User(_) => &self.shared.user,
            Sender::Address(_) => &self.shared.anonymous,
        };
        let local = local.as_ref()?;
        let stored = match &self.store {
            Some(store) => {
                store
                    .count(&self.shared.outage, local.quota(), sender)
                    .await
            }
            None => None,
        };
        Some(stored.unwrap_or_else(|| local.count(sender)))
    }
}
