use std::{net::SocketAddr, process::ExitCode};

/// An answer is hundreds of small allocations, made by one thread and freed by another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    common::service::main(
        "posts",
        SocketAddr::from(posts::DEFAULT_ADDRESS),
        posts::run,
    )
}
