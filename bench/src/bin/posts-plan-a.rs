//! The posts service, but for one thing: timelines are found by the specification's own query. Something to measure against.

use std::{net::SocketAddr, process::ExitCode};

use posts::app::Finds;

fn main() -> ExitCode {
    common::service::main(
        "posts",
        SocketAddr::from(([127, 0, 0, 1], 4002)),
        |env, shutdown| posts::run_finding(Finds::ByDefinition, env, shutdown),
    )
}
