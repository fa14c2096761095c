//! `cargo xtask schema`: generates `schema/` from the code. Its subcommands are those of `rookery-schema`, of which `check` also
//! compares `schema/` with the code.

mod openapi;
mod programs;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use clap::Subcommand;
use registry::compose::{self, Composed, Subgraph};
use registry::drift::{self, Generated, Stale};
use registry::failure::{Failure, Result};
use registry::finding::report;
use registry::supergraph_yaml::SupergraphConfig;
use registry::{check, commands, contract, rest_contract};
use serde::Deserialize;
use serde_json::Value;

use crate::workspace::CONTEXTS;

#[derive(clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,
    /// Uses the programs that were built together with this one and does not run cargo
    #[arg(long, global = true)]
    built: bool,
}

#[derive(Subcommand)]
enum Action {
    /// Compares schema/ with the code and with an earlier revision, and says which operation of which client would break
    Check(check::Arguments),
    #[command(flatten)]
    Registry(commands::Action),
}

impl Arguments {
    /// Exit code of a command that could not be done: a check that was not done has not failed.
    pub fn not_done(&self, failure: Failure) -> Result<ExitCode> {
        match &self.action {
            Some(Action::Check(_)) => Ok(check::not_done(&failure)),
            _ => Err(failure),
        }
    }

    fn build(&self, root: &Path, target: [&str; 2]) -> Result<()> {
        if self.built {
            return Ok(());
        }
        programs::build(root, target)
    }
}

pub fn run(root: &Path, arguments: &Arguments) -> Result<ExitCode> {
    let outcome = match &arguments.action {
        Some(Action::Check(check)) => checked(root, arguments, check),
        Some(Action::Registry(action)) => {
            if action.needs_planner() {
                arguments.build(root, PLANNER)?;
            }
            Ok(commands::command(root, action))
        }
        None => write(root, arguments).map(|()| ExitCode::SUCCESS),
    };
    outcome.or_else(|failure| arguments.not_done(failure))
}

const PLANNER: [&str; 2] = ["--bin", "rookery-plan"];
const CONTRACTS: [&str; 2] = ["--example", "contracts"];

fn checked(root: &Path, arguments: &Arguments, check: &check::Arguments) -> Result<ExitCode> {
    let stale = if check.skips_code() {
        None
    } else {
        Some(exported(root, arguments)?.stale(root)?)
    };
    if check.runs_planner() {
        arguments.build(root, PLANNER)?;
    }
    Ok(check::command(root, check, stale))
}

/// What the code of a subgraph says that it answers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contracts {
    sdl: String,
    /// The OpenAPI document of a context. The router's own subgraph has no REST routes.
    #[serde(default)]
    openapi: Value,
    /// The error codes that a context sends to clients.
    #[serde(default)]
    error_codes: BTreeSet<String>,
}

/// What the code of all subgraphs says.
struct Exported {
    subgraphs: Vec<Subgraph>,
    /// The OpenAPI document of each, in the order of the contexts.
    documents: Vec<(&'static str, Value)>,
    /// The error codes of all services: the router masks every other code.
    error_codes: BTreeSet<String>,
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
        let codes: Vec<&str> = self.error_codes.iter().map(String::as_str).collect();
        files.push(Generated {
            path: "schema/error-codes.txt".into(),
            content: codes.join("\n") + "\n",
        });
        Ok((files, rest))
    }

    /// The committed files that are not what the code says.
    fn stale(&self, root: &Path) -> Result<Vec<Stale>> {
        drift::stale(root, &self.files()?.0)
    }
}

/// Writes `schema/`, and compares it with the contracts.
fn write(root: &Path, arguments: &Arguments) -> Result<()> {
    let exported = exported(root, arguments)?;
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
fn exported(root: &Path, arguments: &Arguments) -> Result<Exported> {
    let mut contracts = contracts(root, arguments)?;
    let mut documents = Vec::new();
    let mut error_codes = BTreeSet::new();
    for name in CONTEXTS {
        let contracts = contracts.get_mut(name).ok_or_else(|| {
            Failure::new(format!(
                "xtask/examples/contracts.rs does not print `{name}`"
            ))
        })?;
        documents.push((name, contracts.openapi.take()));
        error_codes.append(&mut contracts.error_codes);
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
        error_codes,
    })
}

/// What each subgraph answers as the code prints it, by name.
fn contracts(root: &Path, arguments: &Arguments) -> Result<BTreeMap<String, Contracts>> {
    arguments.build(root, CONTRACTS)?;
    let program = programs::contracts()?;
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
