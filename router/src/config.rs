//! What the router is configured with.

use std::{net::SocketAddr, num::NonZeroUsize, sync::Arc};

use common::{
    auth::Verifier,
    client_address::TrustedProxies,
    clock::SystemClock,
    config::{ConfigError, Env, malformed},
    server::listen_addr,
    telemetry::LogFormat,
};
use tracing_subscriber::EnvFilter;
use url::Url;

use crate::{
    defaults::DEFAULT_ADDRESS, limits::Limits, live::max_clients, operations::Operations,
    rate::RateLimits, subgraphs::Subgraphs, supergraph::Origin, usage::Recorder,
};

/// The configuration of the router, from the environment and from nowhere else.
///
/// | variable | default | meaning |
/// | --- | --- | --- |
/// | `LISTEN_ADDR` | `127.0.0.1:4000` | address and port |
/// | `USERS_URL`, `POSTS_URL`, `MESSAGING_URL` | `http://127.0.0.1:4001`, `…:4002`, `…:4003` | base URLs of the services, for the graph and for the REST API |
/// | `SUPERGRAPH_FILE` | the committed `schema/supergraph.graphql` | another composed supergraph; looked at every second |
/// | `REGISTRY_URL` | none | `file:DIR` or `s3://bucket[/prefix]` (`AWS_*`): the supergraph published last, asked for every 5 s; `SUPERGRAPH_FILE` is for a start without it |
/// | `OPERATIONS_DIR` | none | recorded operations; no other supergraph is taken that does not answer them |
/// | `PERSISTED_DOCUMENTS` | `off` | `accept` or `require` the id of a recorded operation instead of a document |
/// | `JWT_PUBLIC_KEY` / `JWT_PUBLIC_KEY_FILE` | required | RS256 public keys, PEM, one or several concatenated |
/// | `JWT_ISSUER`, `JWT_AUDIENCE` | `rookery` | checked on every token |
/// | `USAGE_URL` | none | `file:DIR` or `s3://bucket[/prefix]`: where it is kept which client sends what |
/// | `ALLOWED_ORIGINS` | none | CORS allow-list, comma-separated |
/// | `TRUSTED_PROXIES` | none | addresses and networks whose `X-Forwarded-For` is believed, comma-separated |
/// | `GRAPHQL_INTROSPECTION` | `true` | `false` refuses introspection and leaves suggestions out of messages |
/// | `PLAYGROUND` | `true` | `false` serves no `/playground` |
/// | `SHARE_SUBGRAPH_REQUESTS` | `false` | identical queries of one sender in flight at once cost a subgraph one request |
/// | `ROUTER_WORKERS` | physical cores | threads that serve requests |
/// | `LIVE_MAX_CLIENTS` | 15000 | clients with a WebSocket or a stream at once |
/// | `LOG_FORMAT`, `RUST_LOG` | `json`; warnings, and one line a request | how much is logged, and how |
/// | `OTEL_EXPORTER_OTLP_ENDPOINT` | none | traces are exported there over HTTP |
///
/// [`Limits`] and [`RateLimits`] have variables of their own.
pub struct RouterConfig {
    pub listen: SocketAddr,
    pub subgraphs: Subgraphs,
    pub(crate) supergraph: Origin,
    pub(crate) operations: Operations,
    pub(crate) recorder: Option<Arc<Recorder>>,
    pub verifier: Verifier,
    /// Origins as browsers send them: scheme, host and, unless it is the default, port.
    pub allowed_origins: Vec<String>,
    pub trusted_proxies: TrustedProxies,
    pub introspection: bool,
    pub playground: bool,
    pub share_subgraph_requests: bool,
    pub workers: Option<NonZeroUsize>,
    pub live_max_clients: usize,
    pub limits: Limits,
    pub rate_limits: RateLimits,
    pub log_format: LogFormat,
    pub log_filter: EnvFilter,
    pub otlp_endpoint: Option<Url>,
}

impl RouterConfig {
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self {
            listen: listen_addr(env, DEFAULT_ADDRESS)?,
            subgraphs: Subgraphs::from_env(env)?,
            supergraph: Origin::from_env(env)?,
            operations: Operations::from_env(env)?,
            recorder: Recorder::from_env(env, SystemClock::shared())?,
            verifier: Verifier::from_env(env, SystemClock::shared())?,
            allowed_origins: allowed_origins(env)?,
            trusted_proxies: TrustedProxies::of_router(env)?,
            introspection: env.flag("GRAPHQL_INTROSPECTION", true)?,
            playground: env.flag("PLAYGROUND", true)?,
            share_subgraph_requests: env.flag("SHARE_SUBGRAPH_REQUESTS", false)?,
            workers: env.parsed("ROUTER_WORKERS", "a number of threads above 0")?,
            live_max_clients: max_clients(env)?,
            limits: Limits::from_env(env)?,
            rate_limits: RateLimits::from_env(env)?,
            log_format: LogFormat::from_env(env)?,
            log_filter: log_filter(env)?,
            otlp_endpoint: env.parsed(
                "OTEL_EXPORTER_OTLP_ENDPOINT",
                "the http URL of an OTLP collector",
            )?,
        })
    }
}

/// Our code and the engine log under these names; everything else only warns. `router::request` is the one line that the
/// engine writes for a request.
const DEFAULT_FILTER: &str = "warn,common=info,router=info";

/// Where the engine repeats documents, in which people write passwords, and the server cookies: no `RUST_LOG` gets more than
/// this out of them.
const DISCREET: [&str; 9] = [
    "router::graphql_parsing=error",
    "router::graphql_validation=error",
    "router::introspection=error",
    "router::coerce_variables=warn",
    "router::graphql_normalization=warn",
    "router::graphql_execution=warn",
    "router::executor=warn",
    "hive_router=warn",
    "ntex=info",
];

fn log_filter(env: &Env) -> Result<EnvFilter, ConfigError> {
    const NAME: &str = "RUST_LOG";
    const EXPECTS: &str = "a filter such as info or warn,router=debug";
    let filter = env
        .parsed(NAME, EXPECTS)?
        .unwrap_or_else(|| EnvFilter::new(DEFAULT_FILTER));
    DISCREET.into_iter().try_fold(filter, |filter, discreet| {
        let directive = discreet
            .parse()
            .map_err(|error| malformed(NAME, EXPECTS, error))?;
        Ok(filter.add_directive(directive))
    })
}

fn allowed_origins(env: &Env) -> Result<Vec<String>, ConfigError> {
    const NAME: &str = "ALLOWED_ORIGINS";
    const EXPECTS: &str = "origins such as https://app.example.com, separated by commas";
    let Some(list) = env.optional(NAME) else {
        return Ok(Vec::new());
    };
    list.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
        .map(|item| {
            let url: Url = item
                .parse()
                .map_err(|error| malformed(NAME, EXPECTS, format!("{item}: {error}")))?;
            let origin = url.origin().ascii_serialization();
            // `*`, `null`, a path or a spelling that no browser sends would never match, or match too much.
            if origin == item.trim_end_matches('/') {
                Ok(origin)
            } else {
                Err(malformed(NAME, EXPECTS, format!("{item} is not an origin")))
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(list: &str) -> Result<Vec<String>, String> {
        allowed_origins(&Env::of([("ALLOWED_ORIGINS", list)])).map_err(|error| error.to_string())
    }

    #[test]
    fn origins_are_what_browsers_send() {
        assert_eq!(
            origins("https://app.example.com, http://localhost:5173/,").unwrap(),
            ["https://app.example.com", "http://localhost:5173"]
        );
        assert!(allowed_origins(&Env::default()).unwrap().is_empty());
    }

    #[test]
    fn what_is_not_one_origin_is_refused() {
        for bad in [
            "*",
            "null",
            "app.example.com",
            "https://app.example.com/path",
            "https://APP.example.com",
        ] {
            assert!(
                origins(bad)
                    .unwrap_err()
                    .starts_with("ALLOWED_ORIGINS is not usable"),
                "{bad}"
            );
        }
    }
}
