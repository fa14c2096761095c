//! Arguments of the commands.

use std::path::PathBuf;

use common::config::Env;
use common::objects::EXPECTS;

use crate::check::inputs::{Policy, Use};
use crate::check::plan_program::PlanProgram;
use crate::check::{live_traffic, today};
use crate::failure::{Failure, Result};
use crate::{Registry, object_stores};

#[derive(clap::Args)]
pub struct Publish {
    /// Which subgraphs of supergraph.yaml [default: all]
    pub subgraphs: Vec<String>,
    /// Takes a published subgraph out of the graph; others are published only if they are named
    #[arg(long, value_name = "NAME")]
    pub remove: Vec<String>,
    /// The SDL of one subgraph, when it is not where supergraph.yaml says; it need not be one of supergraph.yaml then
    #[arg(long, value_name = "FILE", requires = "routing_url")]
    pub file: Option<PathBuf>,
    /// Where routers find that subgraph
    #[arg(long, value_name = "URL", requires = "file")]
    pub routing_url: Option<String>,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub at: At,
    #[command(flatten)]
    pub options: CheckOptions,
}

#[derive(clap::Args)]
pub struct Rollback {
    /// The version to go back to
    pub version: u64,
    #[command(flatten)]
    pub by: By,
    #[command(flatten)]
    pub at: At,
    #[command(flatten)]
    pub options: CheckOptions,
}

#[derive(clap::Args)]
pub struct By {
    /// Who publishes [default: what git calls the committer]
    #[arg(long)]
    pub author: Option<String>,
    /// Why
    #[arg(long, default_value = "")]
    pub message: String,
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
    pub fn open(&self) -> Result<Registry> {
        object_stores::open_to_write(&self.place()?, "--registry").map(Registry::new)
    }

    pub fn open_to_read(&self) -> Result<Registry> {
        object_stores::open(&self.place()?, "--registry").map(Registry::new)
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
pub struct CheckOptions {
    /// Leaves out the step that needs the router's planner
    #[arg(long, value_name = "STEP", value_parser = ["planning"])]
    skip: Option<String>,
    /// The router's planner [default: `rookery-plan` beside this program]
    #[arg(long, value_name = "PROGRAM")]
    planner: Option<PathBuf>,
    /// Fails on breaking changes that no recorded operation uses, too
    #[arg(long)]
    strict: bool,
    /// Where routers keep what clients send: their `USAGE_URL`
    #[arg(long, value_name = "URL")]
    pub usage: Option<String>,
}

impl CheckOptions {
    pub fn policy(&self) -> Policy {
        Policy {
            strict: self.strict,
            ..Policy::new(today())
        }
    }

    /// Whether the planner beside this program is used.
    pub fn runs_planner(&self) -> bool {
        self.skip.is_none() && self.planner.is_none()
    }

    pub fn planner(&self) -> Result<Option<PlanProgram>> {
        if self.skip.is_some() {
            return Ok(None);
        }
        PlanProgram::find(self.planner.as_deref()).map(Some)
    }

    pub async fn usage(&self, policy: &Policy) -> Result<Vec<Use>> {
        match &self.usage {
            Some(place) => live_traffic::read(object_stores::open(place, "--usage")?, policy).await,
            None => Ok(Vec::new()),
        }
    }
}
