//! `cargo xtask schema publish`, `rollback`, `history`, `fetch`, `diff`: a registry of schemas in a folder or a bucket
//! (docs/registry.md). Routers with the same `REGISTRY_URL` serve what was published last.

mod chosen;
mod publish;
mod show;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::process::ExitCode;

use common::clock::{SharedClock, SystemClock};
use common::config::Env;
use common::objects::EXPECTS;
use registry::Registry;

use super::check::inputs::{Policy, Use};
use super::check::plan_program::PlanProgram;
use super::check::today;
use super::programs::Programs;
use super::traffic;
use crate::failure::{Failure, Result};

/// Something could not be done: the registry is not reachable, a version is not there.
const NOT_DONE: u8 = 2;

#[derive(clap::Subcommand)]
pub enum Action {
    /// Checks subgraphs against what was published last, and publishes them if they pass
    #[command(
        after_help = "Exit codes: 0 published, or nothing new; 1 the check failed; 2 it could not be done."
    )]
    Publish(publish::Publish),
    /// Publishes once more what was published before
    Rollback(publish::Rollback),
    /// Lists what was published: version, time, author, changes, the verdict of the check
    History(show::History),
    /// Writes a published schema
    Fetch(show::Fetch),
    /// Says what changed for clients between two versions
    Diff(show::Diff),
}

/// Which registry.
#[derive(clap::Args)]
pub struct At {
    /// `file:DIR`, or `s3://bucket[/prefix]` with the variables `AWS_*` [default: the variable `REGISTRY_URL`]
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
}

impl At {
    /// To publish.
    fn open(&self) -> Result<Registry> {
        traffic::objects_to_write(&self.place()?, "--registry").map(Registry::new)
    }

    fn open_to_read(&self) -> Result<Registry> {
        traffic::objects(&self.place()?, "--registry").map(Registry::new)
    }

    fn place(&self) -> Result<String> {
        let environment = Env::process();
        let place = self.registry.as_deref();
        let place = place.or_else(|| environment.optional("REGISTRY_URL"));
        place.map(ToOwned::to_owned).ok_or_else(|| {
            Failure::new(format!(
                "which registry? --registry or REGISTRY_URL says: {EXPECTS}"
            ))
        })
    }
}

/// How a publication is checked.
#[derive(clap::Args)]
pub struct How {
    /// Takes the example that was built together with this program and does not ask cargo to build it
    #[arg(long)]
    built: bool,
    /// Leaves out a step that needs a program of another crate: the router's planner
    #[arg(long, value_name = "STEP", value_parser = ["planning"])]
    skip: Option<String>,
    /// Fails on breaking changes that no recorded operation uses, too
    #[arg(long)]
    strict: bool,
    /// Where routers keep what clients send: their `USAGE_URL`
    #[arg(long, value_name = "URL")]
    usage: Option<String>,
}

impl How {
    fn policy(&self) -> Policy {
        Policy {
            strict: self.strict,
            ..Policy::new(today())
        }
    }

    fn planner(&self, root: &Path) -> Result<Option<PlanProgram>> {
        if self.skip.is_some() {
            return Ok(None);
        }
        let programs = if self.built {
            Programs::Built
        } else {
            Programs::Build
        };
        programs.find(root, "plan").map(PlanProgram).map(Some)
    }

    async fn usage(&self, policy: &Policy) -> Result<Vec<Use>> {
        match &self.usage {
            Some(place) => traffic::read(traffic::objects(place, "--usage")?, policy).await,
            None => Ok(Vec::new()),
        }
    }
}

pub fn command(root: &Path, action: &Action) -> ExitCode {
    let outcome = traffic::block_on(async {
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
fn failed(error: registry::RegistryError) -> Failure {
    Failure::new(error.to_string())
}
