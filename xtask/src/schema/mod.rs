//! `cargo xtask schema`: from the code to `schema/`.

mod compose;
mod contract;
mod openapi;
mod rest_contract;
mod supergraph_yaml;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use crate::drift::{self, Generated};
use crate::failure::{Failure, Result};
use crate::finding::report;
use crate::workspace::CONTEXTS;
use compose::{Composed, Subgraph};
use supergraph_yaml::SupergraphConfig;

/// Where the subgraphs' contracts come from.
#[derive(Clone, Copy)]
pub enum Source {
    /// Cargo builds `examples/contracts.rs` first.
    Build,
    /// The example that was built together with this binary: `cargo test --no-run` makes it.
    Built,
}

/// What the code of a subgraph says that it answers.
#[derive(Deserialize)]
struct Contracts {
    sdl: String,
    /// Of a context. The router's own subgraph has no REST routes.
    #[serde(default)]
    openapi: Value,
}

/// Writes `schema/`, or with `check_only` compares it with the code; then compares the result with the contracts.
pub fn run(root: &Path, source: Source, check_only: bool) -> Result<()> {
    let mut contracts = contracts(root, source)?;
    let mut documents = Vec::new();
    for name in CONTEXTS {
        let contracts = contracts.get_mut(name).ok_or_else(|| {
            Failure::new(format!(
                "xtask/examples/contracts.rs does not print `{name}`"
            ))
        })?;
        documents.push((name, contracts.openapi.take()));
    }
    let sdl = contracts
        .into_iter()
        .map(|(name, contracts)| (name, contracts.sdl))
        .collect();
    let (mut files, api) = generate(root, &sdl)?;
    let rest = openapi::merge(&documents)?;
    for (name, document) in &documents {
        files.push(json_file(&format!("schema/{name}.openapi.json"), document)?);
    }
    files.push(json_file("schema/openapi.json", &rest)?);
    if check_only {
        drift::check(root, &files, "cargo xtask schema")?;
    } else {
        for path in drift::write(root, &files)? {
            println!("wrote {}", path.display());
        }
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

/// Every GraphQL file of `schema/` that the code decides, and the API schema.
fn generate(root: &Path, sdl: &BTreeMap<String, String>) -> Result<(Vec<Generated>, String)> {
    let config = SupergraphConfig::read(&root.join("supergraph.yaml"))?;
    let mut subgraphs = Vec::new();
    for (name, subgraph) in config.subgraphs() {
        let Some(sdl) = sdl.get(name) else {
            return Err(Failure::new(format!(
                "supergraph.yaml names the subgraph `{name}`, which xtask/examples/contracts.rs does not print"
            )));
        };
        let file = subgraph
            .schema
            .file
            .strip_prefix("./")
            .unwrap_or(&subgraph.schema.file);
        subgraphs.push(Subgraph {
            name: name.to_owned(),
            url: subgraph.routing_url.clone(),
            file: file.display().to_string(),
            sdl: sdl.clone(),
        });
    }
    if let Some(name) = sdl
        .keys()
        .find(|name| subgraphs.iter().all(|subgraph| subgraph.name != **name))
    {
        return Err(Failure::new(format!(
            "supergraph.yaml lacks the subgraph `{name}`"
        )));
    }
    let Composed { supergraph, api } = compose::compose(&subgraphs)?;
    let mut files: Vec<Generated> = subgraphs
        .into_iter()
        .map(|subgraph| Generated {
            path: subgraph.file.into(),
            content: subgraph.sdl,
        })
        .collect();
    files.push(Generated {
        path: PathBuf::from("schema/supergraph.graphql"),
        content: supergraph,
    });
    files.push(Generated {
        path: PathBuf::from("schema/api.graphql"),
        content: api.clone(),
    });
    Ok((files, api))
}

/// What each subgraph answers as the code prints it, by name.
fn contracts(root: &Path, source: Source) -> Result<BTreeMap<String, Contracts>> {
    let mut command = match source {
        Source::Build => {
            let mut command = Command::new("cargo");
            command.args([
                "run",
                "--quiet",
                "--package",
                "xtask",
                "--example",
                "contracts",
            ]);
            command
        }
        Source::Built => {
            let this = std::env::current_exe()
                .map_err(|e| Failure::new(format!("cannot find this program: {e}")))?;
            Command::new(this.with_file_name("examples").join("contracts"))
        }
    };
    let output = command
        .current_dir(root)
        .stderr(Stdio::inherit())
        .output()
        .map_err(|e| {
            Failure::new(format!(
                "cannot run {}: {e}",
                command.get_program().display()
            ))
        })?;
    if !output.status.success() {
        return Err(Failure::new(format!(
            "printing the subgraphs' contracts failed: {}",
            output.status
        )));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|e| Failure::new(format!("examples/contracts.rs printed something else: {e}")))
}
