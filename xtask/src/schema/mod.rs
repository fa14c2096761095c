//! `cargo xtask schema`: from the code to `schema/`, and what a change of it would break.

mod check;
mod compose;
mod contract;
mod openapi;
mod places;
mod programs;
mod registry;
mod rest_contract;
mod supergraph_yaml;
mod traffic;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Subcommand;
use serde::Deserialize;
use serde_json::Value;

use crate::drift::{self, Generated, Stale};
use crate::failure::{Failure, Result};
use crate::finding::report;
use crate::workspace::CONTEXTS;
use compose::{Composed, Subgraph};
use programs::Programs;
use supergraph_yaml::SupergraphConfig;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Takes the example that was built together with this program and does not ask cargo to build it
    #[arg(long)]
    built: bool,
}

#[derive(Subcommand)]
enum Action {
    /// Compares schema/ with the code and with an earlier revision, and says which operation of which client would break
    Check(check::Arguments),
    #[command(flatten)]
    Registry(registry::Action),
    /// Writes what the check says of the planted changes, for tests/schema
    #[command(hide = true)]
    Planted {
        /// As JSON
        to: PathBuf,
    },
}

impl Arguments {
    /// What a command ends with that cannot be done at all: a check that was not done has not failed.
    pub fn not_done(&self, failure: Failure) -> Result<ExitCode> {
        match &self.action {
            Some(Action::Check(_)) => Ok(check::not_done(&failure)),
            _ => Err(failure),
        }
    }
}

pub fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode> {
    match &arguments.action {
        Some(Action::Check(check)) => Ok(check::command(root, check)),
        Some(Action::Registry(action)) => Ok(registry::command(root, action)),
        Some(Action::Planted { to }) => check::write_planted(root, to).map(|()| ExitCode::SUCCESS),
        None => {
            let programs = if arguments.built {
                Programs::Built
            } else {
                Programs::Build
            };
            write(root, programs).map(|()| ExitCode::SUCCESS)
        }
    }
}

/// What the code of a subgraph says that it answers.
#[derive(Deserialize)]
struct Contracts {
    sdl: String,
    /// Of a context. The router's own subgraph has no REST routes.
    #[serde(default)]
    openapi: Value,
}

/// What the code of all subgraphs says.
struct Exported {
    subgraphs: Vec<Subgraph>,
    /// The OpenAPI document of each, in the order of the contexts.
    documents: Vec<(&'static str, Value)>,
}

impl Exported {
    /// The files that hold it, and the OpenAPI document of the whole.
    fn files(&self) -> Result<(Vec<Generated>, Value)> {
        let sdl = |subgraph: &Subgraph| Generated {
            path: PathBuf::from(&subgraph.file),
            content: subgraph.sdl.clone(),
        };
        let mut files: Vec<_> = self.subgraphs.iter().map(sdl).collect();
        let rest = openapi::merge(&self.documents)?;
        for (name, document) in &self.documents {
            files.push(json_file(&format!("schema/{name}.openapi.json"), document)?);
        }
        files.push(json_file("schema/openapi.json", &rest)?);
        Ok((files, rest))
    }

    /// The committed files that are not what the code says.
    fn stale(&self, root: &Path) -> Result<Vec<Stale>> {
        drift::stale(root, &self.files()?.0)
    }
}

/// Writes `schema/`, and compares it with the contracts.
fn write(root: &Path, programs: Programs) -> Result<()> {
    let exported = exported(root, programs)?;
    let (mut files, rest) = exported.files()?;
    let Composed { supergraph, api } =
        compose::compose(&exported.subgraphs).map_err(|it| compose::failure(&it))?;
    for (path, content) in [
        ("schema/supergraph.graphql", supergraph),
        ("schema/api.graphql", api.clone()),
    ] {
        files.push(Generated {
            path: path.into(),
            content,
        });
    }
    for path in drift::write(root, &files)? {
        println!("wrote {}", path.display());
    }
    let read = |path: &str| {
        let path = root.join(path);
        fs::read_to_string(&path).map_err(|e| Failure::file("read", &path, &e))
    };
    let mut findings = contract::check(&read(contract::CONTRACT)?, &api)?;
    findings.extend(rest_contract::check(&read(rest_contract::CONTRACT)?, &rest));
    report("schema", findings)
}

fn json_file(path: &str, document: &Value) -> Result<Generated> {
    let text = serde_json::to_string_pretty(document)
        .map_err(|e| Failure::new(format!("{path} cannot be written as JSON: {e}")))?;
    Ok(Generated {
        path: path.into(),
        content: format!("{text}\n"),
    })
}

/// Asks the code of every subgraph of `supergraph.yaml`.
fn exported(root: &Path, programs: Programs) -> Result<Exported> {
    let mut contracts = contracts(root, programs)?;
    let mut documents = Vec::new();
    for name in CONTEXTS {
        let contracts = contracts.get_mut(name).ok_or_else(|| {
            Failure::new(format!(
                "xtask/examples/contracts.rs does not print `{name}`"
            ))
        })?;
        documents.push((name, contracts.openapi.take()));
    }
    let config = SupergraphConfig::read(&root.join("supergraph.yaml"))?;
    let mut subgraphs = Vec::new();
    for (name, subgraph) in config.subgraphs() {
        let Some(contracts) = contracts.remove(name) else {
            return Err(Failure::new(format!(
                "supergraph.yaml names the subgraph `{name}`, which xtask/examples/contracts.rs does not print"
            )));
        };
        subgraphs.push(Subgraph {
            name: name.to_owned(),
            url: subgraph.routing_url.clone(),
            file: subgraph.file().display().to_string(),
            sdl: contracts.sdl,
        });
    }
    if let Some(name) = contracts.keys().next() {
        return Err(Failure::new(format!(
            "supergraph.yaml lacks the subgraph `{name}`"
        )));
    }
    Ok(Exported {
        subgraphs,
        documents,
    })
}

/// What each subgraph answers as the code prints it, by name.
fn contracts(root: &Path, programs: Programs) -> Result<BTreeMap<String, Contracts>> {
    let program = programs.find(root, "contracts")?;
    let output = Command::new(&program)
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| Failure::new(format!("cannot run {}: {e}", program.display())))?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "printing the subgraphs' contracts failed: {}",
            output.status
        )));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|e| Failure::new(format!("examples/contracts.rs printed something else: {e}")))
}
