//! Counts in the memory of this process, shared by all workers.

use governor::{
    Quota as Governed, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::DashMapStateStore,
};

use super::{
    quota::{Quota, RateLimitStatus},
    sender::Sender,
};

/// One quota for each sender.
pub(super) struct Local<C: Clock = DefaultClock> {
    quota: Quota,
    limiter: RateLimiter<Sender, DashMapStateStore<Sender>, C, StateInformationMiddleware>,
}

impl Local {
    pub(super) fn new(quota: Quota) -> Self {
        Self::with_clock(quota, DefaultClock::default())
    }
}

impl<C: Clock> Local<C> {
    fn with_clock(quota: Quota, clock: C) -> Self {
        let governed = Governed::per_minute(quota.requests);
        Self {
            quota,
            limiter: RateLimiter::new(governed, DashMapStateStore::default(), clock),
        }
    }

    pub(super) fn quota(&self) -> Quota {
        self.quota
    }

    pub(super) fn count(&self, sender: Sender) -> RateLimitStatus {
        match self.limiter.check_key(&sender) {
            Ok(state) => self.quota.allowed(state.remaining_burst_capacity()),
            Err(until) => {
                let now = self.limiter.clock().now();
                self.quota.refused(until.wait_time_from(now))
            }
        }
    }

    /// Evicts senders with a full quota.
    pub(super) fn evict(&self) {
        self.limiter.retain_recent();
        self.limiter.shrink_to_fit();
    }
}

#[cfg(test)]
mod tests {
    use std::{num::NonZeroU32, time::Duration};

    use common::client_address::ClientAddress;
    use governor::clock::FakeRelativeClock;
    use uuid::Uuid;

    use super::*;

    fn local(requests: u32) -> (Local<FakeRelativeClock>, FakeRelativeClock) {
        let (policy, clock) = ("anonymous", FakeRelativeClock::default());
        let requests = NonZeroU32::new(requests).unwrap();
        let local = Local::with_clock(Quota { policy, requests }, clock.clone());
        (local, clock)
    }

    fn address(number: u8) -> Sender {
        Sender::of(None, ClientAddress::of([192, 0, 2, number].into()))
    }

    #[test]
    fn refuses_beyond_the_quota_until_it_refills() {
        let (local, clock) = local(100);
        for remaining in (0..100).rev() {
            assert_eq!(local.count(address(1)), local.quota.allowed(remaining));
        }
        let wait = Duration::from_millis(600);
        for _ in 0..3 {
            // Refused requests do not use up quota.
            assert_eq!(local.count(address(1)), local.quota.refused(wait));
        }
        clock.advance(Duration::from_millis(599));
        let rest = Duration::from_millis(1);
        assert_eq!(local.count(address(1)), local.quota.refused(rest));
        clock.advance(rest);
        assert_eq!(local.count(address(1)), local.quota.allowed(0));
        assert!(local.count(address(1)).is_refused());
        clock.advance(Duration::from_mins(1));
        assert_eq!(local.count(address(1)), local.quota.allowed(99));
    }

    #[test]
    fn senders_have_separate_quotas() {
        let (local, _clock) = local(1);
        let user = |number| Sender::User(Uuid::from_u128(number));
        let senders = [address(1), address(2), user(1), user(2)];
        for sender in senders {
            assert_eq!(local.count(sender), local.quota.allowed(0));
        }
        for sender in senders {
            assert!(local.count(sender).is_refused());
        }
    }

    #[test]
    fn evicts_senders_that_are_idle_for_a_minute() {
        let (local, clock) = local(100);
        for number in 0..=255 {
            local.count(address(number));
        }
        clock.advance(Duration::from_secs(59));
        for _ in 0..100 {
            local.count(address(7));
        }
        clock.advance(Duration::from_secs(2));
        local.evict();
        assert_eq!(local.limiter.len(), 1);
        clock.advance(Duration::from_mins(1));
        local.evict();
        assert!(local.limiter.is_empty());
    }
}
