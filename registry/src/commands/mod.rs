//! The commands that publish to a registry and read it (docs/registry.md). Routers with the same `REGISTRY_URL` serve the
//! latest version.

mod arguments;
mod publish;
mod selection;
mod show;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::ExitCode;

use common::clock::{SharedClock, SystemClock};

use crate::failure::Failure;
use crate::{RegistryError, object_stores};

/// Exit code of a command that could not be done: the registry is unreachable, or a version does not exist.
const NOT_DONE: u8 = 2;

#[derive(clap::Subcommand)]
pub enum Action {
    /// Checks subgraphs against what was published last, and publishes them if they pass
    #[command(
        after_help = "Exit codes: 0 published, or nothing new; 1 the check failed; 2 it could not be done."
    )]
    Publish(arguments::Publish),
    /// Publishes once more what was published before
    Rollback(arguments::Rollback),
    /// Lists what was published: version, time, author, changes, the verdict of the check
    History(show::History),
    /// Writes a published schema
    Fetch(show::Fetch),
    /// Says what changed for clients between two versions
    Diff(show::Diff),
}

impl Action {
    /// Whether the command runs the check, and with it the planner program unless `--skip planning`.
    pub fn needs_planner(&self) -> bool {
        match self {
            Self::Publish(publish) => publish.options.runs_planner(),
            Self::Rollback(rollback) => rollback.options.runs_planner(),
            Self::History(_) | Self::Fetch(_) | Self::Diff(_) => false,
        }
    }
}

/// Runs a command for the graph in a folder.
pub fn command(root: &Path, action: &Action) -> ExitCode {
    let outcome = object_stores::block_on(async {
        match action {
            Action::Publish(arguments) => publish::publish(root, arguments, &clock()).await,
            Action::Rollback(arguments) => publish::rollback(root, arguments, &clock()).await,
            Action::History(arguments) => show::history(arguments).await,
            Action::Fetch(arguments) => show::fetch(arguments).await,
            Action::Diff(arguments) => show::diff(root, arguments).await,
        }
    });
    outcome.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        ExitCode::from(NOT_DONE)
    })
}

fn clock() -> SharedClock {
    SystemClock::shared()
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err takes")]
fn failed(error: RegistryError) -> Failure {
    Failure::new(error.to_string())
}
