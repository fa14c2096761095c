use std::{rc::Rc, sync::Arc};

use common::{auth::Identity, client_address::ClientAddress};

use super::{loopback::ThrottledLoopback, server::SubscriptionServer};
use crate::rate::{Counter, RateLimitStatus, Sender};

/// State of the thread of one worker. Connections end with the thread that opened them, so each worker has its own.
pub(crate) struct WorkerState {
    pub(super) server: Arc<SubscriptionServer>,
    pub(super) loopback: ThrottledLoopback,
    counter: Rc<Counter>,
}

impl WorkerState {
    /// `None`, with an error in the log, if the worker cannot have a loopback client.
    pub(crate) fn new(server: Arc<SubscriptionServer>, counter: Rc<Counter>) -> Option<Rc<Self>> {
        let settings = &server.settings;
        let loopback = ThrottledLoopback::new(
            settings.address,
            settings.secret.clone(),
            settings.limits.request_timeout,
        );
        match loopback {
            Ok(loopback) => Some(Rc::new(Self {
                server,
                loopback,
                counter,
            })),
            Err(error) => {
                tracing::error!(%error, "a worker cannot serve subscriptions");
                None
            }
        }
    }

    /// Counts an action of a client. Returns the state of the quota if it is exceeded.
    pub(super) async fn rate_limit(
        &self,
        identity: &Identity,
        address: ClientAddress,
    ) -> Option<RateLimitStatus> {
        let status = self.counter.count(sender(identity, address)).await?;
        status.is_refused().then_some(status)
    }
}

/// The user or address whose quotas apply to a client.
pub(super) fn sender(identity: &Identity, address: ClientAddress) -> Sender {
    Sender::of(identity.viewer().map(AsRef::as_ref), address)
}
