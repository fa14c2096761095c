//! The users service, and what an operator does to its accounts.

use std::process::ExitCode;

use common::service;
use users::app::roles::RoleChange;

const USAGE: &str = "it takes its configuration from the environment; the arguments are --health-check, \
                     `grant-role USERNAME ROLE` and `revoke-role USERNAME ROLE`";

/// An answer is hundreds of small allocations, made by one thread and freed by another.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (change, username, role) = match arguments.as_slice() {
        [] | ["--health-check"] => {
            return kit::main(contexts::Context::Users, users::run);
        }
        ["grant-role", username, role] => (RoleChange::Grant, username, role),
        ["revoke-role", username, role] => (RoleChange::Revoke, username, role),
        _ => return service::misused("users", USAGE),
    };
    service::command("users", async |env| {
        println!(
            "{}",
            users::change_role(&env, change, username, role).await?
        );
        Ok(())
    })
}
