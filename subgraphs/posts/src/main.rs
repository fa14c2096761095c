use std::{net::SocketAddr, process::ExitCode};

fn main() -> ExitCode {
    common::service::main(
        "posts",
        SocketAddr::from(posts::DEFAULT_ADDRESS),
        posts::run,
    )
}
