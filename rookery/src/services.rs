//! What is particular to each service: the function that runs it and the variables that only it reads.

use std::process::ExitCode;

use common::{
    service,
    shutdown::{self, Shutdown},
};
use contexts::Context;

use crate::{
    error::Error,
    folder::DataFolder,
    ports::Ports,
    process::Process,
    variables::{AWS_SECRETS, Variables},
};

/// Runs a process of the system in this process, until it is told to stop or the launcher has ended.
pub fn run(process: Process) -> ExitCode {
    match process {
        Process::Router => router::start(shutdown::with_parent),
        Process::Service(context) => start(context, shutdown::with_parent),
    }
}

/// Runs the service of a context in this process.
fn start(context: Context, until: fn() -> std::io::Result<Shutdown>) -> ExitCode {
    let name = context.name();
    match context {
        Context::Users => service::start(name, until, users::run),
        Context::Posts => service::start(name, until, posts::run),
        Context::Messaging => service::start(name, until, messaging::run),
    }
}

/// Sets what a service needs besides its database, the keys and the log settings.
pub fn configure(
    context: Context,
    ports: Ports,
    folder: &DataFolder,
    variables: &mut Variables,
) -> Result<(), Error> {
    match context {
        Context::Users => {
            variables.default("SMTP_URL", format!("file:{}", folder.mail()?.display()));
            let avatars = format!("file:{}", folder.avatars()?.display());
            variables.default("AVATAR_STORE_URL", avatars);
            variables.pass_on(&AWS_SECRETS);
            variables.default("PUBLIC_URL", ports.url(Process::Router));
            variables.default("REQUIRE_VERIFIED_EMAIL", "false".to_owned());
        }
        Context::Posts | Context::Messaging => {
            variables.set("USERS_URL", ports.url(Process::USERS));
        }
    }
    Ok(())
}
