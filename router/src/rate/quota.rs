//! What a sender may have, and how much of it is left, in the headers of draft-ietf-httpapi-ratelimit-headers-10.

use std::{num::NonZeroU32, time::Duration};

use hive_router::ntex::http::{
    HeaderMap,
    header::{self, HeaderName, HeaderValue},
};

/// The time that a quota is for, and that it takes to come back.
pub(super) const WINDOW: Duration = Duration::from_mins(1);

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// How many requests in [`WINDOW`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    /// Its name for clients.
    pub(super) policy: &'static str,
    pub(super) requests: NonZeroU32,
}

/// What is left of a quota after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    quota: Quota,
    remaining: u32,
    whole_in: Duration,
    retry_in: Option<Duration>,
}

impl Quota {
    /// The time in which one request comes back.
    pub(super) fn interval(self) -> Duration {
        WINDOW / self.requests.get()
    }

    /// Of a request that leaves so many.
    pub(super) fn allowed(self, remaining: u32) -> Standing {
        let spent = self.requests.get().saturating_sub(remaining);
        Standing {
            quota: self,
            remaining,
            whole_in: self.interval() * spent,
            retry_in: None,
        }
    }

    /// Of a request that is refused, as are all for so long.
    pub(super) fn refused(self, wait: Duration) -> Standing {
        Standing {
            quota: self,
            remaining: 0,
            whole_in: self.interval() * (self.requests.get() - 1) + wait,
            retry_in: Some(wait),
        }
    }
}

impl Standing {
    /// Whether the request was one too many.
    pub(crate) fn is_refused(&self) -> bool {
        self.retry_in.is_some()
    }

    /// The whole seconds after which there is something of it again.
    pub(crate) fn retry_after(&self) -> u64 {
        seconds(self.retry_in.unwrap_or_default()).max(1)
    }

    /// Tells the client, whatever the answer.
    pub(crate) fn write(&self, headers: &mut HeaderMap) {
        let Quota { policy, requests } = self.quota;
        let (window, whole_in) = (WINDOW.as_secs(), seconds(self.whole_in));
        let remaining = self.remaining;
        let mut set = |name, value: String| {
            // They are made of letters, digits and a few signs, which a header can always carry.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        set(POLICY, format!("\"{policy}\";q={requests};w={window}"));
        set(LIMIT, format!("\"{policy}\";r={remaining};t={whole_in}"));
        if self.is_refused() {
            set(header::RETRY_AFTER, self.retry_after().to_string());
        }
    }
}

/// Whole seconds after which it is over.
fn seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(standing: Standing) -> [Option<String>; 3] {
        let mut headers = HeaderMap::new();
        standing.write(&mut headers);
        [POLICY, LIMIT, header::RETRY_AFTER].map(|name| {
            let value = headers.get(name)?;
            Some(value.to_str().unwrap().to_owned())
        })
    }

    #[test]
    fn the_headers_say_what_is_left_and_when_all_is_back() {
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
