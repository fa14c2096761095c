//! Whether the store answers, as all workers see it.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How long nobody asks a store that has not answered, so that a request waits for it now and then and not always.
const PAUSE: Duration = Duration::from_secs(1);

/// While there is one, the time from which it may be asked again.
#[derive(Default)]
pub(super) struct Outage(Mutex<Option<Instant>>);

impl Outage {
    /// Whether to ask it now. During an outage one request at a time finds out whether it is over.
    pub(super) fn may_ask(&self, now: Instant) -> bool {
        self.with(|until| match until {
            Some(time) if now < *time => false,
            Some(time) => {
                *time = now + PAUSE;
                true
            }
            None => true,
        })
    }

    /// It did not answer: whether that is news.
    pub(super) fn failed(&self, now: Instant) -> bool {
        self.with(|until| until.replace(now + PAUSE).is_none())
    }

    /// It did: whether that is news.
    pub(super) fn answered(&self) -> bool {
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
    fn an_outage_is_news_twice_and_is_looked_after_once_a_second() {
        let (outage, begin) = (Outage::default(), Instant::now());
        assert!(outage.may_ask(begin) && !outage.answered());
        assert!(outage.failed(begin));
        assert!(!outage.failed(begin), "those that had asked as well");
        assert!(!outage.may_ask(begin + PAUSE / 2));
        let again = begin + PAUSE;
        assert!(outage.may_ask(again));
        assert!(!outage.may_ask(again), "one is enough");
        assert!(!outage.failed(again));
        assert!(!outage.may_ask(again));
        assert!(outage.may_ask(again + PAUSE));
        assert!(outage.answered());
        assert!(!outage.answered());
        assert!(outage.may_ask(again));
    }
}
