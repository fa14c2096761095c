//! Logs and traces. The engine would install its own subscriber; this one takes its line formats, which know the request
//! a line belongs to, and adds what the other services have: standard error, and `RUST_LOG` as it is everywhere else.
//! (The engine merges its level into the filter, so that a filter can never be quieter than the level.)

use common::telemetry::LogFormat;
use hive_router::{
    config::HiveRouterConfig,
    telemetry::{
        TelemetryContext, build_otel_layer_from_config, build_resource, build_scope,
        logging::{format_json::RouterJsonFormat, format_text::RouterTextFormat},
        traces::set_tracing_enabled,
    },
};
use opentelemetry_sdk::trace::{RandomIdGenerator, SdkTracerProvider};
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::filter_fn,
    fmt::{self, format::Format},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Keeps the export of traces alive.
pub(crate) struct Telemetry {
    pub(crate) context: TelemetryContext,
    provider: Option<SdkTracerProvider>,
}

impl Telemetry {
    /// Starts logging and, when the engine's configuration has an exporter, the export of traces. Once a process.
    pub(crate) fn init(
        engine: &HiveRouterConfig,
        format: LogFormat,
        filter: EnvFilter,
    ) -> Result<Self, String> {
        let traces = build_resource(&engine.telemetry)
            .and_then(|resource| {
                build_otel_layer_from_config(
                    &engine.telemetry,
                    RandomIdGenerator::default(),
                    build_scope(),
                    resource,
                )
            })
            .map_err(|error| error.to_string())?;
        let (layer, provider) = traces.unzip();
        // Without it the engine does not make the spans in the first place.
        set_tracing_enabled(provider.is_some());
        tracing_subscriber::registry()
            .with(
                lines(format)
                    .with_filter(filter)
                    .with_filter(filter_fn(|metadata| !metadata.is_span())),
            )
            .with(layer)
            .try_init()
            .map_err(|error| error.to_string())?;
        Ok(Self {
            context: TelemetryContext::from_propagation_config(
                &engine.telemetry.tracing.propagation,
                &engine.log,
            ),
            provider,
        })
    }

    /// Sends what is still buffered.
    pub(crate) async fn shutdown(self) {
        if let Some(provider) = self.provider {
            // It blocks until the collector has answered. Nobody is left to tell when it does not.
            drop(tokio::task::spawn_blocking(move || provider.shutdown()).await);
        }
    }
}

fn lines(format: LogFormat) -> Box<dyn Layer<Registry> + Send + Sync> {
    let layer = fmt::layer().with_writer(std::io::stderr);
    match format {
        LogFormat::Json => layer.event_format(RouterJsonFormat).boxed(),
        LogFormat::Pretty => layer
            .event_format(RouterTextFormat(Format::default().compact()))
            .boxed(),
    }
}
