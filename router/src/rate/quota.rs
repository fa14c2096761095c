//! Quotas and their response headers (draft-ietf-httpapi-ratelimit-headers-10).

use std::{num::NonZeroU32, time::Duration};

use hive_router::ntex::http::{
    HeaderMap,
    header::{self, HeaderName, HeaderValue},
};

/// Window of a quota, and the time in which it refills.
pub(super) const WINDOW: Duration = Duration::from_mins(1);

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Maximum number of requests in a [`WINDOW`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    /// Name of the quota in response headers.
    pub(super) policy: &'static str,
    pub(super) requests: NonZeroU32,
}

/// State of a quota after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateLimitStatus {
    quota: Quota,
    remaining: u32,
    full_in: Duration,
    retry_in: Option<Duration>,
}

impl Quota {
    /// Time in which one request refills.
    pub(super) fn interval(self) -> Duration {
        WINDOW / self.requests.get()
    }

    /// The state after an allowed request.
    pub(super) fn allowed(self, remaining: u32) -> RateLimitStatus {
        let spent = self.requests.get().saturating_sub(remaining);
        RateLimitStatus {
            quota: self,
            remaining,
            full_in: self.interval() * spent,
            retry_in: None,
        }
    }

    /// The state after a refused request; `wait` is the time until the next one is allowed.
    pub(super) fn refused(self, wait: Duration) -> RateLimitStatus {
        RateLimitStatus {
            quota: self,
            remaining: 0,
            full_in: self.interval() * (self.requests.get() - 1) + wait,
            retry_in: Some(wait),
        }
    }
}

impl RateLimitStatus {
    /// Whether the request exceeded the quota.
    pub(crate) fn is_refused(&self) -> bool {
        self.retry_in.is_some()
    }

    /// Whole seconds until the next request is allowed.
    pub(crate) fn retry_after(&self) -> u64 {
        seconds(self.retry_in.unwrap_or_default()).max(1)
    }

    /// Writes the headers, on allowed and refused requests.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let Quota { policy, requests } = self.quota;
        let (window, full_in) = (WINDOW.as_secs(), seconds(self.full_in));
        let remaining = self.remaining;
        let mut set = |name, value: String| {
            // The values are ASCII, so they are valid header values.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        set(POLICY, format!("\"{policy}\";q={requests};w={window}"));
        set(LIMIT, format!("\"{policy}\";r={remaining};t={full_in}"));
        if self.is_refused() {
            set(header::RETRY_AFTER, self.retry_after().to_string());
        }
    }
}

/// Rounds up to whole seconds.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(standing: RateLimitStatus) -> [Option<String>; 3] {
        let mut headers = HeaderMap::new();
        standing.write(&mut headers);
        [POLICY, LIMIT, header::RETRY_AFTER].map(|name| {
            let value = headers.get(name)?;
            Some(value.to_str().unwrap().to_owned())
        })
    }

    #[test]
    fn headers_state_remaining_quota_and_refill_time() {
        let of = |policy, requests| Quota {
            policy,
            requests: NonZeroU32::new(requests).unwrap(),
        };
        let (anonymous, one) = (of("anonymous", 100), of("user", 1));
        let ms = Duration::from_millis;
        for (standing, policy, limit, retry) in [
            (anonymous.allowed(99), "100;w=60", "r=99;t=1", None),
            (anonymous.allowed(98), "100;w=60", "r=98;t=2", None),
            (anonymous.allowed(50), "100;w=60", "r=50;t=30", None),
            (anonymous.allowed(0), "100;w=60", "r=0;t=60", None),
            (
                anonymous.refused(ms(600)),
                "100;w=60",
                "r=0;t=60",
                Some("1"),
            ),
            (anonymous.refused(ms(1)), "100;w=60", "r=0;t=60", Some("1")),
            (anonymous.refused(ms(0)), "100;w=60", "r=0;t=60", Some("1")),
            (one.allowed(0), "1;w=60", "r=0;t=60", None),
            (one.refused(ms(59_001)), "1;w=60", "r=0;t=60", Some("60")),
            (one.refused(ms(59_000)), "1;w=60", "r=0;t=59", Some("59")),
        ] {
            let name = standing.quota.policy;
            let expected = [
                Some(format!("\"{name}\";q={policy}")),
                Some(format!("\"{name}\";{limit}")),
                retry.map(str::to_owned),
            ];
            assert_eq!(written(standing), expected);
            assert_eq!(standing.is_refused(), retry.is_some());
        }
    }
}
