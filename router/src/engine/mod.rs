//! The engine's configuration, built by value.
//!
//! None of it comes from the engine's own files or variables: its loaders honour `PORT`, `HOST`, `LOG_LEVEL`,
//! `SUPERGRAPH_FILE_PATH` and others, which would move or rewire a router in whose environment they happen to be set. Every
//! setting that affects security is set here explicitly; the others keep the engine's defaults.

mod follow;
mod running;

use std::time::Duration;

use hive_router::config::{
    HiveRouterConfig,
    jwt_auth::{JwksProviderSourceConfig, JwtAuthConfig, JwtAuthPluginLookupLocation},
    supergraph::SupergraphSource,
};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::{
    config::RouterConfig,
    defaults::{GRAPHQL_PATH, SHUTDOWN_GRACE, SUBGRAPH_IDLE},
    guard, policy,
    private_files::PrivateFiles,
};
pub(crate) use follow::SupergraphFollower;
pub(crate) use running::RunningEngine;

/// Maximum number of concurrent requests and idle connections to one subgraph; further requests queue in the router, where
/// waiting is cheap. A service works on a handful at a time (its pool of database connections), so it is never idle for lack
/// of connections.
const CONNECTIONS_PER_SUBGRAPH: usize = 128;

/// Idle time-out of client connections. It is above the 60 s of common reverse proxies, so that the proxy closes first and
/// never sends a request into a closing connection.
const CLIENT_IDLE: Duration = Duration::from_secs(75);

/// Planning an operation within the limits takes milliseconds.
const PLANNING_TIMEOUT: Duration = Duration::from_secs(2);

/// Poll interval of the engine for its supergraph file, into which only checked supergraphs are written.
const FILE_POLL_INTERVAL: Duration = Duration::from_millis(250);

/// Room for a token (at most 8 KiB) and the headers of browsers and proxies.
const MAX_HEADERS: &str = "16KiB";

/// Message for errors that `policy` has not mapped.
const MASK: &str = "Something went wrong on our side.";

/// Why the engine cannot be configured: a defect of this module, found at every start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("the engine refuses its configuration: {0}")]
    RejectReason(#[from] serde_json::Error),
    /// Parts of the engine's configuration ignore keys they do not know, `limits` among them.
    #[error("the engine did not take over `{0}` of its configuration")]
    Ignored(String),
}

pub(crate) fn config(
    config: &RouterConfig,
    files: &PrivateFiles,
) -> Result<HiveRouterConfig, EngineError> {
    let settings = settings(config);
    let mut engine: HiveRouterConfig = serde_json::from_value(settings.clone())?;
    // The default, a file in the working directory, cannot be written back as JSON.
    engine.supergraph = SupergraphSource::Plugin;
    check_adopted("", &settings, &serde_json::to_value(&engine)?)?;
    engine.supergraph = SupergraphSource::File {
        path: Some(files.supergraph.clone()),
        // No polling if the supergraph cannot change.
        poll_interval: config
            .supergraph
            .poll_interval()
            .map(|_| FILE_POLL_INTERVAL),
    };
    engine.jwt = jwt(files);
    // Not part of the comparison: it refuses unknown keys itself and cannot be serialized.
    let documents = config.operations.settings(&files.documents.absolute);
    engine.persisted_documents = serde_json::from_value(documents)?;
    Ok(engine)
}

fn settings(config: &RouterConfig) -> Value {
    let limits = &config.limits;
    json!({
        "http": {
            "graphql_endpoint": GRAPHQL_PATH,
            "host": config.listen.ip().to_string(),
            "port": config.listen.port(),
            "shutdown_timeout": seconds(SHUTDOWN_GRACE),
        },
        "limits": {
            // Fragments do not count as levels: what they can do to the size of an operation is bounded by `policy`.
            // Introspection is exempt, because the standard query is deeper; `policy` bounds it in its own terms.
            "max_depth": { "n": limits.depth, "flatten_fragments": true, "ignore_introspection": true },
            "max_aliases": { "n": limits.aliases },
            "max_directives": { "n": limits.directives },
            // The engine counts the end of the document as a token, and reports a document that ends exactly at the limit
            // as a syntax error.
            "max_tokens": { "n": limits.tokens + 1 },
            "max_request_body_size": format!("{}B", limits.body_bytes),
            "max_request_header_size": MAX_HEADERS,
        },
        "traffic_shaping": {
            "all": {
                "request_timeout": seconds(limits.subgraph_timeout),
                "pool_idle_timeout": seconds(SUBGRAPH_IDLE),
                "dedupe_enabled": config.share_subgraph_requests,
            },
            "max_connections_per_host": CONNECTIONS_PER_SUBGRAPH,
            "router": {
                // Off: it leaves upstream subscriptions open, and a request that joins another skips the token check. The
                // headers also key the pool of upstream WebSockets, even with `enabled` off: without `authorization`
                // among them all users would share the stream of the first.
                "dedupe": { "enabled": false, "headers": "all" },
                "request_timeout": seconds(limits.request_timeout),
                "keep_alive": seconds(CLIENT_IDLE),
                // Bodies within the limit are not worth compressing, and decompression is an attack surface.
                "compression": { "request": { "enabled": false } },
            },
        },
        "headers": { "all": { "request": subgraph_headers(config) } },
        "override_subgraph_urls": { "subgraphs": subgraph_urls(config) },
        // A field that the viewer may not see becomes null with an error; the rest of the response stays.
        "authorization": { "directives": { "enabled": true, "unauthorized": { "mode": "filter" } } },
        "introspection": config.introspection,
        // A second line of defence: `policy` has rewritten every error before.
        "error_masking": {
            "enabled": true,
            "redacted_error_message": MASK,
            "all": { "enabled": true, "extensions": { "mode": "allow", "keys": ["code", "affectedPath"] } },
        },
        "query_planner": { "allow_expose": false, "timeout": seconds(PLANNING_TIMEOUT) },
        // Its page loads scripts from other origins.
        "laboratory": { "enabled": false },
        // `http_layer` and `guard` do both: the engine's CORS answers an unknown origin with `null`, which is the origin of
        // every sandboxed page, and covers neither refusals nor other paths.
        "cors": { "enabled": false, "policies": [] },
        "csrf": { "enabled": false, "required_headers": [] },
        "subscriptions": { "enabled": false },
        "websocket": { "enabled": false },
        "plugins": { policy::NAME: { "enabled": true, "warn_on_error": false, "config": policy_settings(config) } },
        "log": { "correlation": { "id_header": "x-request-id", "trace_propagation": true } },
        "telemetry": telemetry(config),
    })
}

fn policy_settings(config: &RouterConfig) -> Value {
    json!({ "max_fields": config.limits.fields, "introspection": config.introspection })
}

/// Headers that identify a client. `http_layer` has replaced the address with the one it resolved.
const CLIENT_HEADERS: [&str; 2] = ["x-forwarded-for", "user-agent"];

/// The client headers that subgraphs receive. Headers that are not named here are not forwarded.
fn subgraph_headers(config: &RouterConfig) -> Value {
    // Only a token that `guard` has verified, of a request with its internal token.
    let authorization = json!({ "insert": {
        "name": "authorization",
        "expression": "if .request.jwt.authenticated == true { .request.headers.authorization } else { null }",
    } });
    if config.share_subgraph_requests {
        // Requests are shared if their headers are equal, and trace headers never are. Mutations are not shared, and only for
        // them do services need the client.
        let [address, agent] = CLIENT_HEADERS.map(of_mutations);
        json!([authorization, address, agent])
    } else {
        let named = [["traceparent", "x-request-id"], CLIENT_HEADERS].concat();
        json!([authorization, { "propagate": { "named": named } }])
    }
}

fn of_mutations(name: &str) -> Value {
    let expression = format!(
        r#"if .request.operation.type == "mutation" {{ .request.headers."{name}" }} else {{ null }}"#
    );
    json!({ "insert": { "name": name, "expression": expression } })
}

fn subgraph_urls(config: &RouterConfig) -> Value {
    config
        .subgraphs
        .iter()
        .map(|(name, base)| {
            let url = format!("{}/graphql", base.as_str().trim_end_matches('/'));
            (name.to_owned(), json!({ "url": url }))
        })
        .collect()
}

/// The engine verifies the internal tokens of `guard`: without `jwt` it enforces no authorization directive.
fn jwt(files: &PrivateFiles) -> JwtAuthConfig {
    let mut jwt = JwtAuthConfig::default();
    jwt.enabled = true;
    jwt.jwks_providers = vec![JwksProviderSourceConfig::File {
        file: files.keys.clone(),
    }];
    jwt.issuers = Some(vec![guard::ISSUER.to_owned()]);
    jwt.audiences = Some(vec![guard::AUDIENCE.to_owned()]);
    jwt.allowed_algorithms = Some(vec![Algorithm::HS256]);
    jwt.require_authentication = Some(false);
    jwt.lookup_locations = vec![JwtAuthPluginLookupLocation::Header {
        name: guard::INTERNAL_TOKEN_HEADER.into(),
        prefix: None,
    }];
    jwt
}

fn telemetry(config: &RouterConfig) -> Value {
    let Some(endpoint) = &config.otlp_endpoint else {
        return json!({});
    };
    // <https://opentelemetry.io/docs/specs/otel/protocol/exporter/>: the signal's path is relative to this endpoint.
    let traces = format!("{}/v1/traces", endpoint.as_str().trim_end_matches('/'));
    json!({
        "tracing": { "exporters": [{ "kind": "otlp", "enabled": true, "protocol": "http", "endpoint": traces }] },
        "resource": { "attributes": { "service.name": "router" } },
    })
}

fn seconds(duration: Duration) -> String {
    format!("{}s", duration.as_secs())
}

/// Checks that the engine has adopted every key of the settings, and every number and boolean with its value. Strings may be
/// spelled differently (`5s`, `16KiB`).
fn check_adopted(path: &str, set: &Value, adopted: &Value) -> Result<(), EngineError> {
    let ignored = || Err(EngineError::Ignored(path.to_owned()));
    match (set, adopted) {
        (Value::Object(set), Value::Object(adopted)) => {
            set.iter().try_for_each(|(key, value)| {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                match adopted.get(key) {
                    Some(other) => check_adopted(&path, value, other),
                    // An empty object is left out in serialization.
                    None if matches!(value, Value::Object(map) if map.is_empty()) => Ok(()),
                    None => Err(EngineError::Ignored(path)),
                }
            })
        }
        (Value::Array(set), Value::Array(adopted)) if set.len() == adopted.len() => set
            .iter()
            .zip(adopted)
            .enumerate()
            .try_for_each(|(index, (value, other))| {
                check_adopted(&format!("{path}[{index}]"), value, other)
            }),
        (Value::String(_), Value::String(_)) => Ok(()),
        _ if set == adopted => Ok(()),
        _ => ignored(),
    }
}

#[cfg(test)]
mod tests;
