//! The federation router: embeds the Hive Router engine as a library, configures it by value and guards it.
//!
//! A request passes these layers, from the outside in:
//!
//! | layer | task |
//! | --- | --- |
//! | `http_layer` | CORS, trace context, `x-trace-id`, client address; counts requests in flight until their responses are sent |
//! | the engine's layers | compression, log context, one log line for each request |
//! | `guard` | authentication, rate limit (`rate`), `/health`, `/ready`, 404, CSRF protection |
//! | `pages` | `/openapi.json`, `/docs` and `/playground`; their requests end here |
//! | `rest` | proxies `/api/…` to the services; these requests end here |
//! | `live` | subscriptions over WebSocket, server-sent events and multipart; they end here |
//! | the engine | parses, validates, plans and executes operations; calls `policy` on the way |
//! | `node_lookup` | answers the `nodes` subgraph (`Query.node`) in this process |
//!
//! The router also sends HTTP requests to itself (`loopback`): for every live event, and for every look-up of `Query.node`, it
//! sends an ordinary GraphQL request to its own address, so that authorization, limits and error mapping apply to an event
//! as to any query. A delivered event therefore passes the table above twice: once as the client's subscription, once as
//! the loopback request that renders it.
//!
//! Besides requests, `supergraph` loads and checks supergraphs, `engine::follow` replaces them while requests are served,
//! `operations` has the recorded operations, and `usage` counts operations by client.
//!
//! Modules depend on one another in one direction only; `cargo xtask layers` enforces it. From the top: `run`, `engine`,
//! `config` and `guard`, `policy` and `live`, `rest`, `node_lookup`, `supergraph`, `request` and `loopback`, `graphql`.
//!
//! `docs/adr/0006-router-engine.md` explains the choice of the engine; each of its pitfalls has a test in `tests/`.

// The engine's middleware types nest deeper than the default allows.
#![recursion_limit = "256"]

mod config;
mod defaults;
mod engine;
mod graphql;
mod guard;
mod http_layer;
mod limits;
mod live;
mod loopback;
mod node_lookup;
mod operations;
mod pages;
mod policy;
mod private_files;
mod rate;
mod ready;
mod request;
mod rest;
mod run;
mod subgraphs;
mod supergraph;
mod telemetry;
mod usage;

use std::process::ExitCode;

use common::{
    config::Env,
    service::{StartError, health_check},
    shutdown::{self, Shutdown},
};

pub use config::RouterConfig;
pub use defaults::DEFAULT_ADDRESS;
pub use limits::Limits;
pub use rate::RateLimits;
pub use run::run;
pub use subgraphs::Subgraphs;
pub use supergraph::{Supergraph, SupergraphError};

/// The `router` binary: runs until SIGTERM or SIGINT. With `--health-check` it checks the readiness of the router at
/// `LISTEN_ADDR` instead, for container health checks.
pub fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        [] => start(shutdown::on_signal),
        ["--health-check"] => health_check("router", DEFAULT_ADDRESS),
        _ => {
            eprintln!(
                "router: it takes its configuration from the environment; the only argument is --health-check"
            );
            ExitCode::from(2)
        }
    }
}

/// Runs the router with the environment of this process until the shutdown signal. Call it once in a process, because the
/// engine owns the global log subscriber. Exit codes: 0 after a clean shutdown, 1 for a failure, 2 for a wrong
/// configuration.
pub fn start(shutdown: fn() -> std::io::Result<Shutdown>) -> ExitCode {
    let outcome = RouterConfig::from_env(&Env::process())
        .map_err(StartError::from)
        .and_then(|config| run(config, shutdown));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("router: {error}");
            ExitCode::from(if matches!(error, StartError::Config(_)) {
                2
            } else {
                1
            })
        }
    }
}
