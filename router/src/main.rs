//! The router as a process of its own. `router::RouterConfig` documents its environment.

use std::process::ExitCode;

use hive_router::{RouterGlobalAllocator, configure_global_allocator};

// What the engine's own binary runs with; planning and projection allocate a lot.
configure_global_allocator!();

fn main() -> ExitCode {
    router::main()
}
