//! Tracks outages of the store, for all workers. During an outage requests are counted locally.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Time between attempts during an outage, so that only a few requests wait for a store that is down.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);

/// During an outage: when the store may be tried again.
#[derive(Default)]
pub(super) struct StoreFallback(Mutex<Option<Instant>>);

impl StoreFallback {
    /// Whether to use the store now. During an outage one request in each interval tries it.
    pub(super) fn may_try(&self, now: Instant) -> bool {
        self.with(|until| match until {
            Some(time) if now < *time => false,
            Some(time) => {
                *time = now + RETRY_INTERVAL;
                true
            }
            None => true,
        })
    }

    /// Records a failure. Returns whether the outage begins with it.
    pub(super) fn failed(&self, now: Instant) -> bool {
        self.with(|until| until.replace(now + RETRY_INTERVAL).is_none())
    }

    /// Records a success. Returns whether an outage ends with it.
    pub(super) fn recovered(&self) -> bool {
        self.with(|until| until.take().is_some())
    }

    fn with<T>(&self, change: impl FnOnce(&mut Option<Instant>) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outage_is_reported_once_and_retried_once_a_second() {
        let (outage, begin) = (StoreFallback::default(), Instant::now());
        assert!(outage.may_try(begin) && !outage.recovered());
        assert!(outage.failed(begin));
        assert!(!outage.failed(begin), "concurrent failures");
        assert!(!outage.may_try(begin + RETRY_INTERVAL / 2));
        let again = begin + RETRY_INTERVAL;
        assert!(outage.may_try(again));
        assert!(!outage.may_try(again), "one request tries");
        assert!(!outage.failed(again));
        assert!(!outage.may_try(again));
        assert!(outage.may_try(again + RETRY_INTERVAL));
        assert!(outage.recovered());
        assert!(!outage.recovered());
        assert!(outage.may_try(again));
    }
}
