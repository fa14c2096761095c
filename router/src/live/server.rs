use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use common::{
    auth::{Verifier, Viewer},
    clock::{SharedClock, SystemClock},
    shutdown::Shutdown,
};
use hive_router::graphql_tools::validation::validate::ValidationPlan;
use tokio::time::Instant;

use super::{
    connections::ConnectionLimiter, operation::SubscriptionPlanner, relay_client::RelayClient,
};
use crate::{
    limits::Limits, loopback::LoopbackSecret, operations::Operations, subgraphs::Subgraphs,
    supergraph::Supergraph, usage::Recorder,
};

/// Time for clients to receive the last frame at shutdown.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);

/// Settings of the subscription server.
pub(crate) struct LiveSettings {
    pub(crate) limits: Limits,
    /// Whether validation messages may suggest names of the schema.
    pub(crate) introspection: bool,
    pub(crate) operations: Operations,
    pub(crate) recorder: Option<Arc<Recorder>>,
    /// Maximum number of open connections.
    pub(crate) max_clients: usize,
    pub(crate) verifier: Verifier,
    /// Origins, besides the router's own, whose pages may open a WebSocket.
    pub(crate) origins: Vec<String>,
    /// The engine's validation rules, its limits among them.
    pub(crate) rules: Arc<ValidationPlan>,
    /// Address that this router listens on, for loopback requests.
    pub(crate) address: SocketAddr,
    pub(crate) secret: LoopbackSecret,
}

/// State that all workers share.
pub(crate) struct SubscriptionServer {
    pub(super) settings: LiveSettings,
    planner: ArcSwap<SubscriptionPlanner>,
    /// Relay clients by the name of the subgraph.
    pub(super) relays: HashMap<&'static str, RelayClient>,
    pub(super) connections: ConnectionLimiter,
    clock: SharedClock,
    /// Cancelled at shutdown; ends every stream.
    pub(super) stop: Shutdown,
}

impl SubscriptionServer {
    /// Connections to the services run on the calling thread until `shutdown`.
    pub(crate) fn start(
        settings: LiveSettings,
        subgraphs: &Subgraphs,
        supergraph: &Supergraph,
        shutdown: &Shutdown,
    ) -> Self {
        let relays = subgraphs.iter().map(|(name, base)| {
            let (client, connections) = RelayClient::new(base);
            connections.run(shutdown);
            (name, client)
        });
        Self {
            planner: ArcSwap::from_pointee(planner(&settings, supergraph)),
            relays: relays.collect(),
            connections: ConnectionLimiter::new(settings.max_clients),
            clock: SystemClock::shared(),
            stop: Shutdown::new(),
            settings,
        }
    }

    /// Parses new subscriptions against this supergraph from now on. Open streams stay open.
    pub(crate) fn replace_supergraph(&self, supergraph: &Supergraph) {
        self.planner
            .store(Arc::new(planner(&self.settings, supergraph)));
    }

    pub(super) fn planner(&self) -> Arc<SubscriptionPlanner> {
        self.planner.load_full()
    }

    /// Ends every stream and waits until the clients have received the last frame.
    pub(crate) async fn end(&self) {
        self.stop.cancel();
        if tokio::time::timeout(CLOSE_TIMEOUT, self.connections.closed())
            .await
            .is_err()
        {
            tracing::warn!("streams were cut off before their clients received the last frame");
        }
    }

    /// When the viewer's token expires; `None` for an anonymous client.
    pub(super) fn expiry(&self, viewer: Option<&Viewer>) -> Option<Instant> {
        let end = viewer?.expires_at.saturating_mul(1_000_000);
        let left = end.saturating_sub(self.clock.now().as_micros());
        let left = Duration::from_micros(u64::try_from(left).unwrap_or_default());
        Instant::now().checked_add(left)
    }
}

fn planner(settings: &LiveSettings, supergraph: &Supergraph) -> SubscriptionPlanner {
    SubscriptionPlanner::new(
        supergraph.event_sources().clone(),
        supergraph.consumer().clone(),
        settings.rules.clone(),
        settings.limits,
        settings.introspection,
    )
}
