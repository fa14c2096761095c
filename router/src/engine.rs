//! The engine's configuration, made by value.
//!
//! None of it comes from the engine's own files or variables: `PORT`, `HOST`, `LOG_LEVEL`, `SUPERGRAPH_FILE_PATH` and
//! the like, which its loaders honour, would move or rewire the router of whoever happens to have them set. What the
//! engine has no opinion about is left at its default; everything that opens or closes something is said here.

mod started;

use std::time::Duration;

use hive_router::config::{
    HiveRouterConfig,
    jwt_auth::{JwksProviderSourceConfig, JwtAuthConfig, JwtAuthPluginLookupLocation},
    supergraph::SupergraphSource,
};
use jsonwebtoken::Algorithm;
use serde_json::{Value, json};

use crate::{config::RouterConfig, gate, policy, private_files::PrivateFiles};
pub(crate) use started::Started;

/// How long requests in flight may take to finish once the router is asked to stop: as long as a subgraph may take by
/// default, so that a request cut off has waited for something that does not come.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// The path of the graph.
pub(crate) const GRAPHQL_PATH: &str = "/graphql";

/// Requests to one subgraph in flight at once, and idle connections kept to it; more wait here, where waiting is
/// cheap. A service works on a handful at a time (its pool of database connections), so this is never what it waits for.
const CONNECTIONS_PER_SUBGRAPH: usize = 128;

/// Idle connections to subgraphs end before the 60 s after which common balancers drop them without a word.
pub(crate) const SUBGRAPH_IDLE: Duration = Duration::from_secs(50);

/// Idle connections of clients end after the 60 s of common reverse proxies, so that it is the proxy that closes first
/// and never sends a request into a closing connection.
const CLIENT_IDLE: Duration = Duration::from_secs(75);

/// Planning an operation within our limits takes milliseconds.
const PLANNING: Duration = Duration::from_secs(2);

/// How often the engine looks at its file, in which `supergraph` puts what has been checked.
const POLL: Duration = Duration::from_millis(250);

/// Room for a token (8 KiB at most) and what browsers and proxies add.
const MAX_HEADERS: &str = "16KiB";

/// Our own code for what the engine would have masked away if our mapping of errors had not seen it.
const MASK: &str = "Something went wrong on our side.";

/// Why the engine cannot be configured: a defect of this module, found at every start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    #[error("the engine refuses its configuration: {0}")]
    Refused(#[from] serde_json::Error),
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
    taken_over("", &settings, &serde_json::to_value(&engine)?)?;
    engine.supergraph = SupergraphSource::File {
        path: Some(files.supergraph.clone()),
        // Where it cannot change it is not looked at.
        poll_interval: config.supergraph.interval().map(|_| POLL),
    };
    engine.jwt = jwt(files);
    // It refuses keys that it does not know, and cannot be written back either.
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
            "shutdown_timeout": seconds(GRACE),
        },
        "limits": {
            // Fragments do not count as levels: what they can do to the size of an operation is bounded by `policy`.
            // Introspection is exempt, because the standard query is deeper; `policy` bounds it in its own terms.
            "max_depth": { "n": limits.depth, "flatten_fragments": true, "ignore_introspection": true },
            "max_aliases": { "n": limits.aliases },
            "max_directives": { "n": limits.directives },
            // The engine counts the end of the document as a token, and mistakes a document that ends just there for
            // one with a syntax error.
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
                // Off: it leaves upstream subscriptions open, and whoever joins a request skips the check of the
                // token. The headers also key the pool of upstream WebSockets, with `enabled` off as well: without
                // `authorization` among them all users would share the stream of the first.
                "dedupe": { "enabled": false, "headers": "all" },
                "request_timeout": seconds(limits.request_timeout),
                "keep_alive": seconds(CLIENT_IDLE),
                // Nothing within the limit on bodies is worth compressing, and inflating is work done for strangers.
                "compression": { "request": { "enabled": false } },
            },
        },
        "headers": { "all": { "request": subgraph_headers(config) } },
        "override_subgraph_urls": { "subgraphs": subgraph_urls(config) },
        // A field that the viewer may not see becomes null with an error; the rest of the answer arrives.
        "authorization": { "directives": { "enabled": true, "unauthorized": { "mode": "filter" } } },
        "introspection": config.introspection,
        // The last line of defence: `policy` has rewritten every error before this sees it.
        "error_masking": {
            "enabled": true,
            "redacted_error_message": MASK,
            "all": { "enabled": true, "extensions": { "mode": "allow", "keys": ["code", "affectedPath"] } },
        },
        "query_planner": { "allow_expose": false, "timeout": seconds(PLANNING) },
        // Its page loads scripts from other origins.
        "laboratory": { "enabled": false },
        // Both are ours, in `edge` and `gate`: the engine's CORS answers an unknown origin with `null`, which is the
        // origin of every sandboxed page, and covers neither refusals nor other paths.
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

/// What says who a client is: the address is the one that `edge` has found, whatever the client wrote.
const CLIENT: [&str; 2] = ["x-forwarded-for", "user-agent"];

/// What subgraphs see of a client's headers. Nothing is forwarded unless it is named here.
fn subgraph_headers(config: &RouterConfig) -> Value {
    // Only a token that `gate` has verified, of a request that has its ticket.
    let authorization = json!({ "insert": {
        "name": "authorization",
        "expression": "if .request.jwt.authenticated == true { .request.headers.authorization } else { null }",
    } });
    if config.share_subgraph_requests {
        // Headers are part of what makes two requests identical: with a trace each, none would be. Mutations are never
        // shared, and it is they that a service may want to know the client of.
        let [address, agent] = CLIENT.map(of_mutations);
        json!([authorization, address, agent])
    } else {
        let named = [["traceparent", "x-request-id"], CLIENT].concat();
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
        .all()
        .into_iter()
        .map(|(name, base)| {
            let url = format!("{}/graphql", base.as_str().trim_end_matches('/'));
            (name.to_owned(), json!({ "url": url }))
        })
        .collect()
}

/// The engine verifies the tickets of `gate`: without its own `jwt` it enforces no authorization directive.
fn jwt(files: &PrivateFiles) -> JwtAuthConfig {
    let mut jwt = JwtAuthConfig::default();
    jwt.enabled = true;
    jwt.jwks_providers = vec![JwksProviderSourceConfig::File {
        file: files.keys.clone(),
    }];
    jwt.issuers = Some(vec![gate::ISSUER.to_owned()]);
    jwt.audiences = Some(vec![gate::AUDIENCE.to_owned()]);
    jwt.allowed_algorithms = Some(vec![Algorithm::HS256]);
    jwt.require_authentication = Some(false);
    jwt.lookup_locations = vec![JwtAuthPluginLookupLocation::Header {
        name: gate::TICKET.into(),
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

/// Checks that everything said is in what was understood: every key, and every number and switch with its value. Text
/// may be spelt differently (`5s`, `16KiB`).
fn taken_over(path: &str, said: &Value, understood: &Value) -> Result<(), EngineError> {
    let ignored = || Err(EngineError::Ignored(path.to_owned()));
    match (said, understood) {
        (Value::Object(said), Value::Object(understood)) => {
            said.iter().try_for_each(|(key, value)| {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                match understood.get(key) {
                    Some(other) => taken_over(&path, value, other),
                    // Empty means nothing, and is left out when written back.
                    None if matches!(value, Value::Object(map) if map.is_empty()) => Ok(()),
                    None => Err(EngineError::Ignored(path)),
                }
            })
        }
        (Value::Array(said), Value::Array(understood)) if said.len() == understood.len() => said
            .iter()
            .zip(understood)
            .enumerate()
            .try_for_each(|(index, (value, other))| {
                taken_over(&format!("{path}[{index}]"), value, other)
            }),
        (Value::String(_), Value::String(_)) => Ok(()),
        _ if said == understood => Ok(()),
        _ => ignored(),
    }
}

#[cfg(test)]
mod tests;
