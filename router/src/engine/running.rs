//! Starts the engine and verifies that it runs as configured.

use std::{sync::Arc, time::Duration};

use common::service::StartError;
use hive_router::{
    PluginRegistry, RouterSharedState, SchemaState, background_tasks::BackgroundTasksManager,
    config::HiveRouterConfig, configure_app_from_config, invoke_shutdown_hooks,
};

use crate::{
    config::RouterConfig, guard::InternalTokens, policy::Policy, private_files::PrivateFiles,
    supergraph::Supergraph, telemetry::Telemetry,
};

/// Time-out of the engine's schema, far above what it needs, so that only a hang reaches it.
const SCHEMA_TIMEOUT: Duration = Duration::from_secs(30);

/// The engine after its start.
pub(crate) struct RunningEngine {
    pub(crate) config: &'static HiveRouterConfig,
    telemetry: Telemetry,
    pub(crate) shared: Arc<RouterSharedState>,
    pub(crate) schema: Arc<SchemaState>,
    background: BackgroundTasksManager,
    /// The engine polls these files until it has stopped.
    pub(crate) files: Arc<PrivateFiles>,
}

impl RunningEngine {
    /// Starts the engine with a checked supergraph and installs the log subscriber.
    pub(crate) async fn start(
        config: &mut RouterConfig,
        supergraph: &Supergraph,
        internal_tokens: &InternalTokens,
    ) -> Result<Self, StartError> {
        let documents = config.operations.manifest();
        let files = PrivateFiles::write(supergraph.sdl(), &documents, internal_tokens.jwks())?;
        let engine = configured(config, supergraph, &files)?;
        let telemetry = Telemetry::init(
            engine,
            config.log_format,
            std::mem::take(&mut config.log_filter),
        )
        .map_err(StartError::Other)?;

        let mut background = BackgroundTasksManager::new();
        let plugins = PluginRegistry::new().register::<Policy>();
        let (shared, schema) =
            configure_app_from_config(engine, telemetry.context.clone(), &mut background, plugins)
                .await
                .map_err(other)?;
        check_policy(&shared)?;
        wait_for_schema(&schema).await?;
        files.delete_keys()?;
        Ok(Self {
            config: engine,
            telemetry,
            shared,
            schema,
            background,
            files: Arc::new(files),
        })
    }

    /// Stops the engine, when no requests are left.
    pub(crate) async fn stop(mut self) {
        self.background.graceful_shutdown().await;
        drop(self.files);
        invoke_shutdown_hooks(&self.shared).await;
        tracing::info!("stopped");
        self.telemetry.shutdown().await;
    }
}

/// Builds the engine's configuration, which lives as long as the process.
fn configured(
    config: &RouterConfig,
    supergraph: &Supergraph,
    files: &PrivateFiles,
) -> Result<&'static HiveRouterConfig, StartError> {
    let engine = super::config(config, files).map_err(other)?;
    if supergraph.is_enforced_by(&engine) {
        return Ok(engine.into_static());
    }
    Err(StartError::Other(
        "the engine would not enforce the authorization of this supergraph".into(),
    ))
}

/// The engine silently skips a plugin that is registered but not configured.
fn check_policy(shared: &RouterSharedState) -> Result<(), StartError> {
    match shared.plugins.as_ref().map(|plugins| plugins.len()) {
        Some(1) => Ok(()),
        _ => Err(StartError::Other(
            "the engine does not run the policy plugin".into(),
        )),
    }
}

/// The engine builds the schema in the background and reports failure only in its log.
async fn wait_for_schema(schema: &SchemaState) -> Result<(), StartError> {
    let built = async {
        while schema.configured_runtime().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SCHEMA_TIMEOUT, built)
        .await
        .map_err(|_elapsed| {
            StartError::Other("the engine cannot serve this supergraph; its log says why".into())
        })
}

fn other(error: impl std::fmt::Display) -> StartError {
    StartError::Other(error.to_string())
}
