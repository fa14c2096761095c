//! What was published.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::{Change, Entry, Hash, Registry, Verdict};

use super::arguments::At;
use super::failed;
use crate::check::inputs::{Inputs, Policy, Schemas};
use crate::check::report::StepName;
use crate::check::{self, render, sources, today};
use crate::failure::{Failure, Result};
use crate::published::subgraphs_of;

#[derive(clap::Args)]
pub struct History {
    /// Only what changed this subgraph
    subgraph: Option<String>,
    /// As JSON, an entry a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    at: At,
}

#[derive(clap::Args)]
pub struct Fetch {
    /// [default: the newest]
    #[arg(long)]
    version: Option<u64>,
    /// The SDL of this subgraph, and not the supergraph
    #[arg(long, value_name = "NAME", conflicts_with_all = ["api", "report"])]
    subgraph: Option<String>,
    /// What clients see
    #[arg(long, conflicts_with = "report")]
    api: bool,
    /// What the check said of it, as JSON
    #[arg(long)]
    report: bool,
    /// [default: standard output]
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    at: At,
}

#[derive(clap::Args)]
pub struct Diff {
    /// A version
    from: u64,
    /// Another version [default: the working tree]
    to: Option<u64>,
    #[command(flatten)]
    at: At,
}

pub async fn history(arguments: &History) -> Result<ExitCode> {
    let entries = arguments
        .at
        .open_to_read()?
        .history()
        .await
        .map_err(failed)?;
    if let Some(name) = &arguments.subgraph
        && !entries
            .iter()
            .any(|entry| entry.subgraphs.contains_key(name))
    {
        return Err(Failure::new(format!(
            "no subgraph `{name}` was ever published"
        )));
    }
    let mut before: Option<Entry> = None;
    for entry in entries {
        let is_meant = match &arguments.subgraph {
            None => true,
            Some(name) => {
                let was = before.as_ref().and_then(|entry| entry.subgraphs.get(name));
                was != entry.subgraphs.get(name)
            }
        };
        if is_meant && arguments.json {
            let line = serde_json::to_string(&entry)
                .map_err(|error| Failure::new(format!("no JSON: {error}")))?;
            println!("{line}");
        } else if is_meant {
            println!("{}", line(&entry, before.as_ref()));
        }
        before = Some(entry);
    }
    Ok(ExitCode::SUCCESS)
}

fn line(entry: &Entry, before: Option<&Entry>) -> String {
    let address = |entry: &Entry, name: &String| {
        let subgraph = entry.subgraphs.get(name);
        subgraph.map(|subgraph| subgraph.routing_url.clone())
    };
    let moved = |name: &String| {
        let was = before.and_then(|before| address(before, name));
        was.is_some() && was != address(entry, name)
    };
    let change = match &entry.change {
        Change::Publish { subgraphs } => subgraphs
            .iter()
            .map(|name| match entry.subgraphs.get(name) {
                // Where it is asked decides who is sent the tokens of users.
                Some(subgraph) if moved(name) => {
                    format!("{name}@{} at {}", subgraph.version, subgraph.routing_url)
                }
                Some(subgraph) => format!("{name}@{}", subgraph.version),
                None => format!("without {name}"),
            })
            .collect::<Vec<_>>()
            .join(" "),
        Change::Rollback { to } => format!("back to {to}"),
    };
    let check = &entry.check;
    let verdict = match check.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
    };
    let line = format!(
        "{:>5}  {}  {verdict}  {} breaking, {} dangerous, {} safe  {change}  {}  {}",
        entry.version,
        entry.published_at,
        check.breaking,
        check.dangerous,
        check.safe,
        entry.author,
        entry.message
    );
    line.trim_end().to_owned()
}

pub async fn fetch(arguments: &Fetch) -> Result<ExitCode> {
    let registry = arguments.at.open_to_read()?;
    let entry = entry(&registry, arguments.version).await?;
    let hash = document(&entry, arguments)?;
    let text = registry.document(hash).await.map_err(failed)?;
    match &arguments.output {
        Some(path) => fs::write(path, text).map_err(|e| Failure::file("write", path, &e))?,
        None => print!("{text}"),
    }
    Ok(ExitCode::SUCCESS)
}

fn document(entry: &Entry, arguments: &Fetch) -> Result<Hash> {
    let Some(name) = &arguments.subgraph else {
        return Ok(match (arguments.api, arguments.report) {
            (true, _) => entry.api,
            (false, true) => entry.check.report,
            (false, false) => entry.supergraph,
        });
    };
    let subgraph = entry.subgraphs.get(name).ok_or_else(|| {
        let names: Vec<_> = entry.subgraphs.keys().map(String::as_str).collect();
        Failure::new(format!(
            "version {} has no subgraph `{name}`, it has {}",
            entry.version,
            names.join(", ")
        ))
    })?;
    Ok(subgraph.schema)
}

async fn entry(registry: &Registry, version: Option<u64>) -> Result<Entry> {
    match version {
        Some(version) => registry.entry(version).await.map_err(failed),
        None => registry
            .latest()
            .await
            .map_err(failed)?
            .ok_or_else(|| Failure::new("nothing was published in the registry yet")),
    }
}

pub async fn diff(root: &Path, arguments: &Diff) -> Result<ExitCode> {
    let registry = arguments.at.open_to_read()?;
    let base = schemas(&registry, arguments.from).await?;
    let head = match arguments.to {
        Some(version) => schemas(&registry, version).await?,
        None => Schemas {
            supergraph: None,
            api: None,
            ..sources::read(root, "the working tree")?.schemas
        },
    };
    let inputs = Inputs {
        base,
        head,
        stale: None,
        operations: Vec::new(),
        usage_asked: false,
        unread: Vec::new(),
        approvals: Vec::new(),
        promised: None,
        rest: None,
        policy: Policy::new(today()),
    };
    let mut report = check::run(&inputs, None)?;
    // What comes of it is for a check to say.
    report.steps.retain(|step| step.name == StepName::Diff);
    print!("{}", render::steps(&report));
    Ok(ExitCode::SUCCESS)
}

async fn schemas(registry: &Registry, version: u64) -> Result<Schemas> {
    let entry = registry.entry(version).await.map_err(failed)?;
    Ok(Schemas {
        described: format!("version {version}"),
        subgraphs: subgraphs_of(registry, &entry).await?,
        supergraph: None,
        api: Some(registry.document(entry.api).await.map_err(failed)?),
    })
}
