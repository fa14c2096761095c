//! The federation router: the Hive Router engine as a library, configured by value and guarded.
//!
//! A request passes, from the outside in:
//!
//! | layer | does |
//! | --- | --- |
//! | `edge` | CORS, the trace id, `x-trace-id`, the address of the client, counts requests in flight until their answers have been sent |
//! | the engine's layers | compression, log context, one log line a request |
//! | `gate` | who sends it, and how often they may (`rate`); paths, `/health`, `/ready`, 404, what a GraphQL request may look like |
//! | `pages` | `/openapi.json`, `/docs` and `/playground`; a request for them ends here |
//! | `rest` | passes `/api/…` on to the service it belongs to; such a request ends here as well |
//! | `live` | subscriptions, by WebSocket or as a stream over HTTP; they end here, and their events are asked for from without |
//! | the engine | parses, limits, validates, plans, executes; calls `policy` on the way |
//! | `nodes` | what the engine wants to know of the subgraph that the router is itself; asks the graph, over `inside` |
//!
//! Beside requests, `supergraph` serves what was published last, `operations` knows what clients have recorded, and `usage`
//! counts what they send.
//!
//! `docs/adr/0006-router-engine.md` says why this engine; each of its traps has a test in `tests/`.

// The engine's middleware types nest deeper than the default allows.
#![recursion_limit = "256"]

mod config;
mod edge;
mod engine;
mod gate;
mod inside;
mod limits;
mod linger;
mod live;
mod nodes;
mod operations;
mod pages;
mod policy;
mod private_files;
mod rate;
mod ready;
mod reply;
mod rest;
mod run;
mod supergraph;
mod telemetry;
mod usage;

use std::{net::SocketAddr, process::ExitCode};

use common::{
    config::Env,
    service::{StartError, health_check},
    shutdown::{self, Shutdown},
};

pub use config::{RouterConfig, Subgraphs};
pub use limits::Limits;
pub use rate::RateLimits;
pub use run::run;
pub use supergraph::{Supergraph, SupergraphError};

/// Where the router listens unless `LISTEN_ADDR` says otherwise.
pub const DEFAULT_ADDRESS: SocketAddr =
    SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4000);

/// The `router` binary: runs until SIGTERM or SIGINT. `--health-check` asks the router running at `LISTEN_ADDR` instead
/// whether it is ready, for container health checks.
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

/// Runs the router with the environment of this process until `shutdown` says stop. It needs the process to itself: the
/// engine owns the global log subscriber. Exit codes: 0 stopped as asked, 1 failed, 2 wrong configuration.
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
