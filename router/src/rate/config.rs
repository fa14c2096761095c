use std::num::NonZeroU32;

use common::config::{ConfigError, Env, malformed};

use super::{quota::Quota, store::StoreUrl};

/// Limits on senders, each with a variable of its own.
///
/// | variable | default | meaning |
/// | --- | --- | --- |
/// | `RATE_LIMIT_ANONYMOUS` | 100 | requests a minute of one address without a good token; 0 is off |
/// | `RATE_LIMIT_USER` | 1000 | requests a minute of one user, from wherever; 0 is off |
/// | `RATE_LIMIT_STORE_URL` | none: each router counts for itself | Redis database in which several routers count together |
///
/// Past them the answer is 429 `RATE_LIMITED`.
#[derive(Clone, Debug)]
pub struct RateLimits {
    pub(super) anonymous: Option<Quota>,
    pub(super) user: Option<Quota>,
    pub(super) store: Option<StoreUrl>,
}

impl RateLimits {
    pub(crate) fn from_env(env: &Env) -> Result<Self, ConfigError> {
        const STORE: &str = "RATE_LIMIT_STORE_URL";
        Ok(Self {
            anonymous: quota(env, "RATE_LIMIT_ANONYMOUS", "anonymous", 100)?,
            user: quota(env, "RATE_LIMIT_USER", "user", 1_000)?,
            store: env
                .optional(STORE)
                .map(StoreUrl::parse)
                .transpose()
                .map_err(|problem| malformed(STORE, StoreUrl::EXPECTS, problem))?,
        })
    }
}

fn quota(
    env: &Env,
    name: &'static str,
    policy: &'static str,
    default: u32,
) -> Result<Option<Quota>, ConfigError> {
    // Above it a request takes no time that the store could measure.
    const MOST: u32 = 1_000_000;
    const EXPECTS: &str = "a number of requests a minute up to 1000000, or 0 for no limit";
    let requests = env.parsed(name, EXPECTS)?.unwrap_or(default);
    if requests > MOST {
        return Err(malformed(name, EXPECTS, "out of range"));
    }
    Ok(NonZeroU32::new(requests).map(|requests| Quota { policy, requests }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requests(vars: &[(&str, &str)]) -> Result<[u32; 2], String> {
        let limits = RateLimits::from_env(&Env::of(vars.iter().copied()));
        let limits = limits.map_err(|error| error.to_string())?;
        Ok([limits.anonymous, limits.user]
            .map(|quota| quota.map_or(0, |quota| quota.requests.get())))
    }

    #[test]
    fn both_limits_are_on_unless_they_are_put_off() {
        assert_eq!(requests(&[]), Ok([100, 1_000]));
        assert_eq!(
            requests(&[("RATE_LIMIT_ANONYMOUS", "7"), ("RATE_LIMIT_USER", "8")]),
            Ok([7, 8])
        );
        assert_eq!(
            requests(&[("RATE_LIMIT_ANONYMOUS", "0"), ("RATE_LIMIT_USER", "0")]),
            Ok([0, 0])
        );
    }

    #[test]
    fn a_limit_that_is_no_number_is_refused_by_name() {
        for value in ["-1", "many", "1.5", "1000001", "4294967296"] {
            for name in ["RATE_LIMIT_ANONYMOUS", "RATE_LIMIT_USER"] {
                let error = requests(&[(name, value)]).unwrap_err();
                assert!(error.starts_with(name), "{error}");
            }
        }
    }
}
