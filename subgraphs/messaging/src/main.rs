//! The messaging service.

use std::process::ExitCode;

/// An answer is hundreds of small allocations, made by one thread and freed by another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    kit::main(contexts::Context::Messaging, messaging::run)
}
