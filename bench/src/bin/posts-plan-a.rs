//! The posts service with timelines by the specification's own statement (plan A), which reads and sorts every post of every
//! followee: what the product is measured against. Its environment is that of `posts`.

use std::{net::SocketAddr, process::ExitCode};

use posts::app::Finds;

fn main() -> ExitCode {
    common::service::main(
        "posts",
        SocketAddr::from(posts::DEFAULT_ADDRESS),
        |env, shutdown| posts::run_finding(Finds::ByDefinition, env, shutdown),
    )
}
