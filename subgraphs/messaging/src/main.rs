//! The messaging service.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main(
        "messaging",
        messaging::config::DEFAULT_ADDRESS,
        messaging::run,
    )
}
