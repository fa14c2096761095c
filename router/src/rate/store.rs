//! Counts in a Redis database, so that several routers share quotas.
//!
//! Each request uses the store once, with a short time-out; without a response this router counts locally. Failing open would
//! remove the limit for an attacker who can slow the store down, and refusing all requests would make the store a single
//! point of failure.

use std::{
    cell::RefCell,
    fmt,
    sync::LazyLock,
    time::{Duration, Instant},
};

use redis::{
    Client, RedisResult, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::time::timeout;
use url::Url;

use super::{
    quota::{Quota, RateLimitStatus},
    sender::Sender,
    store_fallback::StoreFallback,
};

/// Time-out of the store, connecting included.
const STORE_TIMEOUT: Duration = Duration::from_millis(100);

static GCRA: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("gcra.lua")));

/// URL of the store, with its password.
#[derive(Clone)]
pub(crate) struct StoreUrl(Client);

impl StoreUrl {
    pub(super) const EXPECTS: &str = "the URL of a Redis database, such as redis://host:6379/0";

    /// The error contains no part of the URL that can be a secret.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let url: Url = text.parse().map_err(|error| format!("{error}"))?;
        match url.scheme() {
            "redis" => {}
            "rediss" => return Err("there is no TLS to the store compiled in".to_owned()),
            other => return Err(format!("its scheme is {other}")),
        }
        if !url.has_host() || url.query().is_some() || url.fragment().is_some() {
            return Err("it has no host, or more than a database".to_owned());
        }
        Client::open(url)
            .map(Self)
            .map_err(|error| error.to_string())
    }
}

impl fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "redis://{}", self.0.get_connection_info().addr())
    }
}

/// Store client of one worker.
pub(super) struct Store {
    client: Client,
    /// `None` before the first request and after a failure, so that the next request reconnects.
    connection: RefCell<Option<ConnectionManager>>,
}

impl Store {
    pub(super) fn new(StoreUrl(client): &StoreUrl) -> Self {
        Self {
            client: client.clone(),
            connection: RefCell::default(),
        }
    }

    /// Counts a request. `None` if the store does not respond.
    pub(super) async fn count(
        &self,
        fallback: &StoreFallback,
        quota: Quota,
        sender: Sender,
    ) -> Option<RateLimitStatus> {
        if !fallback.may_try(Instant::now()) {
            return None;
        }
        let problem = match timeout(STORE_TIMEOUT, self.request(quota, sender)).await {
            Ok(Ok(standing)) => {
                if fallback.recovered() {
                    tracing::info!("the store of request limits answers again");
                }
                return Some(standing);
            }
            Ok(Err(error)) => error.to_string(),
            Err(_elapsed) => format!("no answer within {} ms", STORE_TIMEOUT.as_millis()),
        };
        self.connection.take();
        if fallback.failed(Instant::now()) {
            tracing::warn!(
                problem,
                "the store of request limits does not answer; this router counts for itself until it does"
            );
        }
        None
    }

    async fn request(&self, quota: Quota, sender: Sender) -> RedisResult<RateLimitStatus> {
        let mut connection = self.connection()?;
        let interval = u64::try_from(quota.interval().as_micros()).unwrap_or(u64::MAX);
        let mut call = GCRA.key(sender.key());
        call.arg(interval).arg(quota.requests.get());
        let (allowed, number): (bool, u64) = call.invoke_async(&mut connection).await?;
        Ok(if allowed {
            quota.allowed(u32::try_from(number).unwrap_or(u32::MAX))
        } else {
            quota.refused(Duration::from_micros(number))
        })
    }

    /// The connection of this worker. The first request connects; concurrent requests wait for it.
    fn connection(&self) -> RedisResult<ConnectionManager> {
        if let Some(connection) = &*self.connection.borrow() {
            return Ok(connection.clone());
        }
        let config = ConnectionManagerConfig::new()
            // `count` has a shorter time-out; this one ends connection attempts that outlive it.
            .set_connection_timeout(Some(STORE_TIMEOUT * 10))
            .set_response_timeout(None)
            .set_number_of_retries(0);
        let connection = ConnectionManager::new_lazy_with_config(self.client.clone(), config)?;
        Ok(self.connection.borrow_mut().insert(connection).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_redis_urls_without_tls() {
        for good in [
            "redis://localhost",
            "redis://10.0.0.7:6380/3",
            "redis://me:hunter2@[::1]:6379/0",
        ] {
            StoreUrl::parse(good).unwrap();
        }
        for (bad, problem) in [
            (
                "rediss://:hunter2@h",
                "there is no TLS to the store compiled in",
            ),
            ("valkey://:hunter2@h", "its scheme is valkey"),
            ("unix:///hunter2", "its scheme is unix"),
            ("http://:hunter2@h", "its scheme is http"),
            ("redis:///0", "it has no host, or more than a database"),
            ("redis:hunter2", "it has no host, or more than a database"),
            (
                "redis://h/0?hunter2",
                "it has no host, or more than a database",
            ),
            (
                "redis://h/0#insecure",
                "it has no host, or more than a database",
            ),
            (
                "redis://h/hunter2",
                "Invalid database number - InvalidClientConfig",
            ),
            ("hunter2", "relative URL without a base"),
        ] {
            assert_eq!(StoreUrl::parse(bad).unwrap_err(), problem, "{bad}");
        }
    }

    #[test]
    fn debug_output_shows_no_password() {
        let url = StoreUrl::parse("redis://me:hunter2@10.0.0.7:6379/0").unwrap();
        assert_eq!(format!("{url:?}"), "redis://10.0.0.7:6379");
        assert_eq!(format!("{:?}", Some(url)), "Some(redis://10.0.0.7:6379)");
    }
}
