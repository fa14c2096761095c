//! The users service.

use std::process::ExitCode;

fn main() -> ExitCode {
    common::service::main("users", users::DEFAULT_ADDRESS, users::run)
}
