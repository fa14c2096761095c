//! Replaces the supergraph while requests are served.
//!
//! The engine loads almost any file. So the router writes only checked supergraphs into the engine's file: composed, with
//! enforced authorization, and with a plan for every recorded operation. The engine prepares the new supergraph beside the
//! current one and switches between two requests.

use std::{io, sync::Arc, time::Duration};

use common::shutdown::Shutdown;
use hive_router::{SchemaState, config::HiveRouterConfig};
use tokio::task::JoinError;

use crate::{
    live::SubscriptionServer,
    operations::Operations,
    private_files::PrivateFiles,
    supergraph::{NewSupergraph, Origin, Revision, Supergraph, SupergraphError},
};

/// Time-out of the engine's preparation, far above what it needs. The engine rejects a bad supergraph silently; the time-out
/// is the only signal.
const BUILD_TIMEOUT: Duration = Duration::from_secs(30);
/// Interval between looks at whether the engine has switched.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Follows an origin and serves its updates.
pub(crate) struct SupergraphFollower {
    pub(crate) origin: Origin,
    pub(crate) revision: Revision,
    pub(crate) served: Supergraph,
    pub(crate) operations: Operations,
    pub(crate) engine: &'static HiveRouterConfig,
    pub(crate) schema: Arc<SchemaState>,
    pub(crate) files: Arc<PrivateFiles>,
    pub(crate) live: Arc<SubscriptionServer>,
}

/// Why a supergraph is rejected.
#[derive(Debug, thiserror::Error)]
enum RejectReason {
    #[error(transparent)]
    Supergraph(#[from] SupergraphError),
    #[error("the engine would not enforce its authorization")]
    Unenforced,
    #[error("{0} could not be answered: {1}")]
    Operation(String, String),
    #[error("the engine cannot serve it; its log says why")]
    Engine,
    #[error("it could not be written where the engine reads it: {0}")]
    File(#[from] io::Error),
    #[error("its check was interrupted: {0}")]
    Check(#[from] JoinError),
}

impl RejectReason {
    /// Whether the supergraph itself is at fault, so that a retry would fail again.
    fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::Supergraph(_) | Self::Unenforced | Self::Operation(..)
        )
    }
}

impl SupergraphFollower {
    /// Polls the origin until shutdown.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let Some(interval) = self.origin.poll_interval() else {
            return;
        };
        let mut is_reachable = true;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(interval) => {}
            }
            match self.origin.poll(&self.revision).await {
                Ok(None) => is_reachable = true,
                Ok(Some(new)) => {
                    is_reachable = true;
                    self.replace(new).await;
                }
                Err(error) if is_reachable => {
                    is_reachable = false;
                    tracing::warn!(%error, "the supergraph cannot be polled; the current one is served");
                }
                Err(_) => {}
            }
        }
    }

    async fn replace(&mut self, new: NewSupergraph) {
        let NewSupergraph {
            sdl,
            revision,
            is_rollback,
        } = new;
        if sdl == self.served.sdl() {
            self.revision = revision;
            return;
        }
        // A rollback is deliberate, even if recorded operations fail afterwards.
        let operations = if is_rollback {
            Operations::default()
        } else {
            self.operations.clone()
        };
        match self.serve(sdl, operations).await {
            Ok(()) => tracing::info!(%revision, "a new supergraph is served"),
            Err(error) => {
                tracing::error!(%revision, %error, "supergraph rejected; the current one is served");
                if !error.is_permanent() {
                    // The next poll tries it again.
                    return;
                }
            }
        }
        self.revision = revision;
    }

    async fn serve(&mut self, sdl: String, operations: Operations) -> Result<(), RejectReason> {
        // Planning is CPU-bound and must not delay requests.
        let checked = tokio::task::spawn_blocking(move || check(sdl, &operations));
        let supergraph = checked.await??;
        if !supergraph.is_enforced_by(self.engine) {
            return Err(RejectReason::Unenforced);
        }
        let before = self.schema.configured_runtime();
        self.files.replace_supergraph(supergraph.sdl())?;
        let has_switched = || match (&before, self.schema.configured_runtime()) {
            (Some(before), Some(now)) => !Arc::ptr_eq(before, &now),
            (None, now) => now.is_some(),
            (Some(_), None) => false,
        };
        let built = async {
            while !has_switched() {
                tokio::time::sleep(POLL_INTERVAL).await;
            }
        };
        if tokio::time::timeout(BUILD_TIMEOUT, built).await.is_err() {
            if let Err(error) = self.files.replace_supergraph(self.served.sdl()) {
                tracing::error!(%error, "the engine's file could not be restored");
            }
            return Err(RejectReason::Engine);
        }
        self.live.replace_supergraph(&supergraph);
        self.served = supergraph;
        Ok(())
    }
}

fn check(sdl: String, operations: &Operations) -> Result<Supergraph, RejectReason> {
    let supergraph = Supergraph::parse(sdl)?;
    for operation in operations.iter() {
        supergraph.plan(&operation.document).map_err(|error| {
            RejectReason::Operation(format!("{}/{}", operation.client, operation.name), error)
        })?;
    }
    Ok(supergraph)
}
