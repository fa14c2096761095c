//! Another supergraph takes the place of the one before: while requests go on, or not at all.
//!
//! The engine would take almost anything that it finds in its file. So what it finds there has been checked: it was
//! composed, what it says of authorization is enforced, and every recorded operation has a plan. The engine builds what it
//! needs of it beside what it serves, and changes over between two requests.

use std::{io, sync::Arc, time::Duration};

use common::shutdown::Shutdown;
use hive_router::{SchemaState, config::HiveRouterConfig};
use tokio::task::JoinError;

use super::{
    Supergraph, SupergraphError,
    origin::{Another, Origin, Seen},
};
use crate::{live::Live, operations::Operations, private_files::PrivateFiles};

/// How long the engine may take to build what it needs of a supergraph: far more than it needs, so that only what it
/// refuses reaches it. It does not say so.
const BUILD: Duration = Duration::from_secs(30);
/// How often it is looked whether it is done.
const LOOK: Duration = Duration::from_millis(20);

/// Serves what is new at an origin.
pub(crate) struct Follower {
    pub(crate) origin: Origin,
    pub(crate) seen: Seen,
    pub(crate) served: Supergraph,
    pub(crate) operations: Operations,
    pub(crate) engine: &'static HiveRouterConfig,
    pub(crate) schema: Arc<SchemaState>,
    pub(crate) files: Arc<PrivateFiles>,
    pub(crate) live: Arc<Live>,
}

/// Why a supergraph does not take the place of the one before.
#[derive(Debug, thiserror::Error)]
enum Refused {
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
    #[error("its check broke off: {0}")]
    Check(#[from] JoinError),
}

impl Refused {
    /// Whether it would be refused again.
    fn is_of_the_supergraph(&self) -> bool {
        matches!(
            self,
            Self::Supergraph(_) | Self::Unenforced | Self::Operation(..)
        )
    }
}

impl Follower {
    /// Looks for another supergraph until the router stops.
    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let Some(interval) = self.origin.interval() else {
            return;
        };
        let mut is_reachable = true;
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(interval) => {}
            }
            match self.origin.another(&self.seen).await {
                Ok(None) => is_reachable = true,
                Ok(Some(another)) => {
                    is_reachable = true;
                    self.change(another).await;
                }
                Err(error) if is_reachable => {
                    is_reachable = false;
                    tracing::warn!(%error, "no news of the supergraph; the one before is served");
                }
                Err(_) => {}
            }
        }
    }

    async fn change(&mut self, another: Another) {
        let Another {
            sdl,
            seen: supergraph,
            is_rollback,
        } = another;
        if sdl == self.served.sdl() {
            self.seen = supergraph;
            return;
        }
        // Whoever goes back knows that what clients send by now may not be answered.
        let operations = if is_rollback {
            Operations::default()
        } else {
            self.operations.clone()
        };
        match self.take(sdl, operations).await {
            Ok(()) => tracing::info!(%supergraph, "another supergraph is served"),
            Err(error) => {
                tracing::error!(%supergraph, %error, "refused; the supergraph before is served");
                if !error.is_of_the_supergraph() {
                    // It may be good, and is looked at again.
                    return;
                }
            }
        }
        self.seen = supergraph;
    }

    async fn take(&mut self, sdl: String, operations: Operations) -> Result<(), Refused> {
        // Planning is work for a processor, and requests are not to wait for it.
        let checked = tokio::task::spawn_blocking(move || check(sdl, &operations));
        let supergraph = checked.await??;
        if !supergraph.is_enforced_by(self.engine) {
            return Err(Refused::Unenforced);
        }
        let before = self.schema.configured_runtime();
        self.files.replace_supergraph(supergraph.sdl())?;
        let is_another = || match (&before, self.schema.configured_runtime()) {
            (Some(before), Some(now)) => !Arc::ptr_eq(before, &now),
            (None, now) => now.is_some(),
            (Some(_), None) => false,
        };
        let built = async {
            while !is_another() {
                tokio::time::sleep(LOOK).await;
            }
        };
        if tokio::time::timeout(BUILD, built).await.is_err() {
            if let Err(error) = self.files.replace_supergraph(self.served.sdl()) {
                tracing::error!(%error, "the engine's file could not be put back");
            }
            return Err(Refused::Engine);
        }
        self.live.serve(&supergraph);
        self.served = supergraph;
        Ok(())
    }
}

fn check(sdl: String, operations: &Operations) -> Result<Supergraph, Refused> {
    let supergraph = Supergraph::parse(sdl)?;
    for operation in operations.iter() {
        supergraph.plan(&operation.document).map_err(|error| {
            Refused::Operation(format!("{}/{}", operation.client, operation.name), error)
        })?;
    }
    Ok(supergraph)
}
