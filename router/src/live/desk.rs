//! What subscriptions are served with: once in the process, and on the thread of each worker.

use std::{collections::HashMap, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use common::{
    auth::{Identity, Verifier, Viewer},
    client_address::ClientAddress,
    clock::{SharedClock, SystemClock},
    shutdown::Shutdown,
};
use hive_router::{graphql_tools::validation::validate::ValidationPlan, ntex::http::StatusCode};
use tokio::time::Instant;

use super::{
    clients::Clients,
    feed::Feed,
    inside::{Loopback, Password},
    operation::Planner,
    problem::Problem,
};
use crate::{
    config::RouterConfig,
    limits::Limits,
    operations::Operations,
    rate::{Counter, Sender, Standing},
    supergraph::Supergraph,
};

/// What all workers serve subscriptions with.
pub(crate) struct Live {
    planner: ArcSwap<Planner>,
    pub(crate) limits: Limits,
    pub(crate) operations: Operations,
    /// By the name of the subgraph.
    pub(crate) feeds: HashMap<String, Feed>,
    pub(crate) clients: Clients,
    pub(crate) verifier: Verifier,
    pub(crate) clock: SharedClock,
    pub(crate) password: Password,
    /// Where this router listens.
    pub(crate) address: SocketAddr,
    /// How long a request to the graph may take.
    pub(crate) patience: Duration,
    /// Origins whose pages may open a WebSocket, besides our own.
    pub(crate) origins: Vec<String>,
    /// Ends every client.
    pub(crate) stop: Shutdown,
}

impl Live {
    /// Of a router that listens there. Its connections to the services are made by this thread, and end with the process.
    pub(crate) fn start(
        config: &RouterConfig,
        supergraph: &Supergraph,
        rules: Arc<ValidationPlan>,
        address: SocketAddr,
        password: Password,
        shutdown: &Shutdown,
    ) -> Self {
        let feeds = config.subgraphs.all().map(|(name, base)| {
            let (feed, lines) = Feed::new(base);
            lines.run(shutdown);
            (name.to_owned(), feed)
        });
        Self {
            planner: ArcSwap::from_pointee(Planner::new(
                supergraph.sources().clone(),
                supergraph.consumer().clone(),
                rules,
                config.limits,
                config.introspection,
            )),
            limits: config.limits,
            operations: config.operations.clone(),
            feeds: feeds.into(),
            clients: Clients::new(config.live_max_clients),
            verifier: config.verifier.clone(),
            clock: SystemClock::shared(),
            password,
            address,
            patience: config.limits.request_timeout,
            origins: config.allowed_origins.clone(),
            stop: Shutdown::new(),
        }
    }

    /// Takes apart what clients subscribe to from now on by another schema. Streams that are open stay open.
    pub(crate) fn serve(&self, supergraph: &Supergraph) {
        let before = self.planner.load();
        self.planner.store(Arc::new(Planner::new(
            supergraph.sources().clone(),
            supergraph.consumer().clone(),
            before.rules.clone(),
            before.limits,
            before.may_explore,
        )));
    }

    pub(super) fn planner(&self) -> Arc<Planner> {
        self.planner.load_full()
    }

    /// Ends every stream, and waits until the clients have been told.
    pub(crate) async fn end(&self) {
        /// A client that does not take a last frame within this time is not told.
        const FAREWELL: Duration = Duration::from_secs(2);
        self.stop.cancel();
        if tokio::time::timeout(FAREWELL, self.clients.gone())
            .await
            .is_err()
        {
            tracing::warn!("streams were cut off before their clients had been told");
        }
    }

    /// What one worker serves them with. Connections end with the thread that opened them, so each has its own.
    pub(crate) fn worker(self: &Arc<Self>, counter: Rc<Counter>) -> Option<Rc<Desk>> {
        // Longer than the gate takes, so that it is the gate that says so.
        let patience = self.patience + Duration::from_secs(1);
        match Loopback::new(self.address, self.password.clone(), patience) {
            Ok(loopback) => Some(Rc::new(Desk {
                live: self.clone(),
                loopback,
                counter,
            })),
            Err(error) => {
                tracing::error!(%error, "a worker serves no subscriptions");
                None
            }
        }
    }

    /// When a viewer's token ends; never for nobody.
    pub(crate) fn expiry(&self, viewer: Option<&Viewer>) -> Option<Instant> {
        let end = viewer?.expires_at.saturating_mul(1_000_000);
        let left = end.saturating_sub(self.clock.now().as_micros());
        let left = Duration::from_micros(u64::try_from(left).unwrap_or_default());
        Instant::now().checked_add(left)
    }
}

/// Serves subscriptions, on the thread of one worker.
pub(crate) struct Desk {
    pub(crate) live: Arc<Live>,
    pub(super) loopback: Loopback,
    counter: Rc<Counter>,
}

impl Desk {
    /// Counts something that a client does; how they stand when it is too much.
    pub(super) async fn excess(
        &self,
        identity: &Identity,
        address: ClientAddress,
    ) -> Option<Standing> {
        let standing = self.counter.count(sender(identity, address)).await?;
        standing.is_refused().then_some(standing)
    }
}

pub(super) fn sender(identity: &Identity, address: ClientAddress) -> Sender {
    Sender::of(identity.viewer().map(AsRef::as_ref), address)
}

pub(super) fn too_much(message: &str) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message)
}
