//! Whether a request would be answered now.

use std::time::Duration;

use common::{
    auth::Keyring,
    service::StartError,
    upstream::{Call, Upstream},
};
use tokio::{sync::Mutex, time::Instant};

use crate::config::Subgraphs;

/// How long an answer about the subgraphs is good for: anybody may ask `/ready`, and each look costs three requests.
const FRESH: Duration = Duration::from_secs(1);

/// Asks the services whether they are ready, and looks whether there are keys to verify tokens with.
pub(crate) struct Readiness {
    keys: Keyring,
    services: [Upstream; 3],
    last: Mutex<Option<(Instant, bool)>>,
}

impl Readiness {
    pub(crate) fn new(subgraphs: &Subgraphs, keys: Keyring) -> Result<Self, StartError> {
        let [users, posts, messaging] = subgraphs.all().map(|(name, base)| {
            Upstream::new(name, base.clone()).map_err(|error| StartError::Other(error.to_string()))
        });
        Ok(Self {
            keys,
            services: [users?, posts?, messaging?],
            last: Mutex::new(None),
        })
    }

    /// Whether every service answers and is ready itself. Whoever asks meanwhile waits for the same answer.
    pub(crate) async fn check(&self) -> bool {
        let mut last = self.last.lock().await;
        if let Some((when, ready)) = *last
            && when.elapsed() < FRESH
        {
            return ready;
        }
        let [users, posts, messaging] = &self.services;
        let answers = tokio::join!(is_ready(users), is_ready(posts), is_ready(messaging));
        let ready = answers == (true, true, true) && self.keys.current().is_some();
        *last = Some((Instant::now(), ready));
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
