//! Logs, and traces when an OTLP endpoint is given.

use std::{io::IsTerminal, str::FromStr};

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::{Resource, trace::SdkTracerProvider};
use tracing_subscriber::{
    EnvFilter, Layer, Registry, layer::SubscriberExt, util::SubscriberInitExt,
};

use crate::config::{ConfigError, Env, malformed};

/// How log lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// For people.
    Pretty,
}

impl FromStr for LogFormat {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "json" => Ok(Self::Json),
            "pretty" => Ok(Self::Pretty),
            _ => Err("unknown format"),
        }
    }
}

impl LogFormat {
    /// `LOG_FORMAT`, JSON by default.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(env
            .parsed("LOG_FORMAT", "json or pretty")?
            .unwrap_or(Self::Json))
    }
}

/// Keeps the export of traces alive; what is still buffered is sent when it is dropped.
pub struct Telemetry(Option<SdkTracerProvider>);

impl Drop for Telemetry {
    fn drop(&mut self) {
        if let Some(provider) = &self.0 {
            // Nobody is left to tell when the collector is gone at the end.
            drop(provider.shutdown());
        }
    }
}

/// Starts logging to standard error (`RUST_LOG`, `LOG_FORMAT`) and, with `OTEL_EXPORTER_OTLP_ENDPOINT`, the export of
/// traces. Once a process.
pub fn init(service: &'static str, env: &Env) -> Result<Telemetry, ConfigError> {
    let format = LogFormat::from_env(env)?;
    let filter = env
        .parsed::<EnvFilter>("RUST_LOG", "a filter such as info or warn,posts=debug")?
        .unwrap_or_else(|| EnvFilter::new("info"));
    let provider = exporter(service, env)?;
    let traces = provider
        .as_ref()
        .map(|provider| tracing_opentelemetry::layer().with_tracer(provider.tracer(service)));
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match format {
        LogFormat::Json => tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .with_writer(std::io::stderr)
            .boxed(),
        LogFormat::Pretty => tracing_subscriber::fmt::layer()
            .compact()
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .with_writer(std::io::stderr)
            .boxed(),
    };
    // A second call, as in tests that start several services in one process, keeps the first subscriber.
    drop(
        tracing_subscriber::registry()
            .with(lines)
            .with(traces)
            .with(filter)
            .try_init(),
    );
    Ok(Telemetry(provider))
}

fn exporter(service: &'static str, env: &Env) -> Result<Option<SdkTracerProvider>, ConfigError> {
    const NAME: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
    if env.optional(NAME).is_none() {
        return Ok(None);
    }
    // The exporter reads the endpoint and its companions (headers, timeout) from the environment itself.
    let exporter = SpanExporter::builder()
        .with_http()
        .build()
        .map_err(|error| malformed(NAME, "an http URL of an OTLP collector", error))?;
    Ok(Some(
        SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_resource(Resource::builder().with_service_name(service).build())
            .build(),
    ))
}
