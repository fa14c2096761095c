//! Readiness: whether the router could answer a request now.

use std::time::Duration;

use common::{
    auth::Keyring,
    service::StartError,
    upstream::{Call, Upstream},
};
use futures_util::future::join_all;
use tokio::{sync::Mutex, time::Instant};

use crate::subgraphs::Subgraphs;

/// Lifetime of a cached result. Any client may request `/ready`, and each check costs one request to every service.
const READY_CACHE_TTL: Duration = Duration::from_secs(1);

/// Checks that every service is ready and that there are keys to verify tokens with.
pub(crate) struct Readiness {
    keys: Keyring,
    services: Vec<Upstream>,
    cached: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    pub(crate) fn new(subgraphs: &Subgraphs, keys: Keyring) -> Result<Self, StartError> {
        let services = subgraphs.iter().map(|(name, base)| {
            Upstream::new(name, base.clone()).map_err(|error| StartError::Other(error.to_string()))
        });
        Ok(Self {
            keys,
            services: services.collect::<Result<_, _>>()?,
            cached: Mutex::new(None),
        })
    }

    /// The result of a check, at most [`READY_CACHE_TTL`] old. Concurrent callers share one check.
    pub(crate) async fn check(&self) -> bool {
        let mut cached = self.cached.lock().await;
        if let Some((when, ready)) = *cached
            && when.elapsed() < READY_CACHE_TTL
        {
            return ready;
        }
        let services = join_all(self.services.iter().map(is_ready)).await;
        let ready = services.into_iter().all(|ready| ready) && self.keys.current().is_some();
        *cached = Some((Instant::now(), ready));
        ready
    }
}

async fn is_ready(service: &Upstream) -> bool {
    let problem = match service.call(&Call::get("/ready")).await {
        Ok(answer) if answer.status.is_success() => return true,
        Ok(answer) => format!("it answers {}", answer.status),
        Err(error) => error.to_string(),
    };
    tracing::warn!(problem, "a service is not ready");
    false
}
