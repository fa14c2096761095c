//! The engine, started and found to be what was asked for.

use std::{sync::Arc, time::Duration};

use common::service::StartError;
use hive_router::{
    PluginRegistry, RouterSharedState, SchemaState, background_tasks::BackgroundTasksManager,
    config::HiveRouterConfig, configure_app_from_config,
};

use crate::{
    config::RouterConfig, gate::Tickets, policy::Policy, private_files::PrivateFiles,
    supergraph::Supergraph, telemetry::Telemetry,
};

/// How long the engine may take to build its schema: far more than it needs, so that only a hang reaches it.
const SCHEMA: Duration = Duration::from_secs(30);

/// What there is of the engine once it has started.
pub(crate) struct Started {
    pub(crate) engine: &'static HiveRouterConfig,
    pub(crate) telemetry: Telemetry,
    pub(crate) shared: Arc<RouterSharedState>,
    pub(crate) schema: Arc<SchemaState>,
    pub(crate) background: BackgroundTasksManager,
    /// What it reads, as long as it does.
    pub(crate) files: PrivateFiles,
}

impl Started {
    /// Starts the engine with a supergraph that has been checked.
    pub(crate) async fn with(
        config: &mut RouterConfig,
        supergraph: &Supergraph,
        tickets: &Tickets,
    ) -> Result<Self, StartError> {
        let documents = config.operations.manifest();
        let files = PrivateFiles::write(supergraph.sdl(), &documents, tickets.jwks())?;
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
        has_policy(&shared)?;
        has_schema(&schema).await?;
        files.forget_keys()?;
        Ok(Self {
            engine,
            telemetry,
            shared,
            schema,
            background,
            files,
        })
    }
}

/// The engine's configuration, which it wants for as long as the process lives.
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

/// A plugin that is registered but not configured is not run, without a word.
fn has_policy(shared: &RouterSharedState) -> Result<(), StartError> {
    match shared.plugins.as_ref().map(|plugins| plugins.len()) {
        Some(1) => Ok(()),
        _ => Err(StartError::Other(
            "the engine does not run our policy".into(),
        )),
    }
}

/// The engine builds the schema in the background and says only in its log how that went.
async fn has_schema(schema: &SchemaState) -> Result<(), StartError> {
    let built = async {
        while schema.configured_runtime().is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(SCHEMA, built)
        .await
        .map_err(|_elapsed| {
            StartError::Other("the engine cannot serve this supergraph; its log says why".into())
        })
}

fn other(error: impl std::fmt::Display) -> StartError {
    StartError::Other(error.to_string())
}
