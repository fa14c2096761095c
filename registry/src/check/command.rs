//! The command line of the check.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::NaiveDate;

use super::base::read_base;
use super::inputs::{Inputs, Policy, Rest};
use super::plan_program::PlanProgram;
use super::report::{Report, Verdict};
use super::{Planner, live_traffic, render, run, sources};
use crate::drift::Stale;
use crate::failure::{Failure, Result};
use crate::{contract, object_stores, rest_contract};

/// The check could not be done. Also what clap exits with when it does not understand the arguments.
const NOT_DONE: u8 = 2;

#[derive(clap::Args)]
#[command(
    after_help = "Exit codes: 0 the check passed, 1 it failed, 2 it could not be done (an unknown revision, an unreadable file)."
)]
pub struct Arguments {
    /// What to compare with: a revision of git, a folder with supergraph.yaml, or a registry (`file:DIR`,
    /// `s3://bucket[/prefix]`) [default: where HEAD and the default branch of origin part]
    #[arg(long, value_name = "BASE")]
    base: Option<String>,
    /// The router's planner [default: `rookery-plan` beside this program]
    #[arg(long, value_name = "PROGRAM")]
    planner: Option<PathBuf>,
    /// Leaves out steps: `planning` needs the planner; `code` compares schema/ with the subgraphs' code, which only
    /// `cargo xtask schema check` can do
    #[arg(long, value_name = "STEP", value_enum, value_delimiter = ',')]
    skip: Vec<Skippable>,
    /// Fails on breaking changes that no recorded operation uses, too
    #[arg(long)]
    strict: bool,
    /// Where routers keep what clients send, their `USAGE_URL`: what was seen within 30 days counts as if it were recorded
    #[arg(long, value_name = "URL")]
    usage: Option<String>,
    /// Writes the report as JSON; `-` is standard output
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Writes the report as JUnit XML
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Writes the report as Markdown, for a comment
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Skippable {
    Code,
    Planning,
}

impl Arguments {
    /// Whether the planner beside this program is used.
    pub fn runs_planner(&self) -> bool {
        !self.skips(Skippable::Planning) && self.planner.is_none()
    }

    pub fn skips_code(&self) -> bool {
        self.skips(Skippable::Code)
    }

    fn skips(&self, step: Skippable) -> bool {
        self.skip.contains(&step)
    }
}

/// Checks the graph in a folder. `stale` are its generated files that differ from the code, if the code was compared.
pub fn command(folder: &Path, arguments: &Arguments, stale: Option<Vec<Stale>>) -> ExitCode {
    match report(folder, arguments, stale) {
        Ok(Verdict::Passed) => ExitCode::SUCCESS,
        Ok(Verdict::Failed) => ExitCode::FAILURE,
        Err(failure) => not_done(&failure),
    }
}

pub fn not_done(failure: &Failure) -> ExitCode {
    eprintln!("error: the schema check could not be done: {failure}");
    ExitCode::from(NOT_DONE)
}

fn report(folder: &Path, arguments: &Arguments, stale: Option<Vec<Stale>>) -> Result<Verdict> {
    let inputs = inputs(folder, arguments, stale)?;
    let planner = if arguments.skips(Skippable::Planning) {
        None
    } else {
        Some(PlanProgram::find(arguments.planner.as_deref())?)
    };
    let report = run(&inputs, planner.as_ref().map(|it| it as &dyn Planner))?;
    write(arguments, &report)?;
    Ok(report.verdict)
}

fn inputs(folder: &Path, arguments: &Arguments, stale: Option<Vec<Stale>>) -> Result<Inputs> {
    let base = read_base(folder, arguments.base.as_deref())?;
    let head = sources::read(folder, "the working tree")?;
    let policy = Policy {
        strict: arguments.strict,
        ..Policy::new(today())
    };
    let mut operations = sources::uses(head.operations, base.operations);
    if let Some(place) = &arguments.usage {
        let objects = object_stores::open(place, "--usage")?;
        operations.extend(object_stores::block_on(live_traffic::read(
            objects, &policy,
        ))?);
    }
    let mut unread = head.unread;
    unread.extend(base.unread);
    Ok(Inputs {
        base: base.schemas,
        head: head.schemas,
        stale,
        operations,
        usage_asked: arguments.usage.is_some(),
        unread,
        approvals: sources::read_approvals(folder)?,
        promised: sources::optional(&folder.join(contract::CONTRACT))?,
        rest: rest(folder)?,
        policy,
    })
}

/// In UTC.
pub fn today() -> NaiveDate {
    #[expect(
        clippy::disallowed_methods,
        reason = "a command has no clock but the machine's"
    )]
    let now = chrono::Utc::now();
    now.date_naive()
}

fn rest(folder: &Path) -> Result<Option<Rest>> {
    let path = folder.join("schema/openapi.json");
    let (promised, document) = (
        sources::optional(&folder.join(rest_contract::CONTRACT))?,
        sources::optional(&path)?,
    );
    let (Some(promised), Some(document)) = (promised, document) else {
        return Ok(None);
    };
    let document = serde_json::from_str(&document).map_err(|e| Failure::file("read", &path, &e))?;
    Ok(Some(Rest { promised, document }))
}

/// To each file what is asked for, and to standard output what a person reads, unless the JSON goes there.
fn write(arguments: &Arguments, report: &Report) -> Result<()> {
    let to_file = |path: &Path, text: String| {
        fs::write(path, text).map_err(|e| Failure::file("write", path, &e))
    };
    if let Some(path) = &arguments.junit {
        to_file(path, render::junit(report)?)?;
    }
    if let Some(path) = &arguments.markdown {
        to_file(path, render::markdown(report))?;
    }
    match &arguments.json {
        Some(path) if path.as_os_str() == "-" => print!("{}", render::json(report)?),
        Some(path) => {
            to_file(path, render::json(report)?)?;
            print!("{}", render::people(report));
        }
        None => print!("{}", render::people(report)),
    }
    Ok(())
}
