//! `cargo xtask schema`: from the code to `schema/`.

mod compose;
mod contract;
mod supergraph_yaml;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::drift::{self, Generated};
use crate::failure::{Failure, Result};
use crate::finding::report;
use compose::{Composed, Subgraph};
use supergraph_yaml::SupergraphConfig;

/// Where the subgraphs' SDL comes from.
#[derive(Clone, Copy)]
pub enum Sdl {
    /// Cargo builds `examples/sdl.rs` first.
    Build,
    /// The example that was built together with this binary: `cargo test --no-run` makes it.
    Built,
}

/// Writes `schema/`, or with `check_only` compares it with the code; then compares the result with the contract.
pub fn run(root: &Path, sdl: Sdl, check_only: bool) -> Result<()> {
    let (files, api) = generate(root, &subgraph_sdl(root, sdl)?)?;
    if check_only {
        drift::check(root, &files, "cargo xtask schema")?;
    } else {
        for path in drift::write(root, &files)? {
            println!("wrote {}", path.display());
        }
    }
    let path = root.join(contract::CONTRACT);
    let contract = fs::read_to_string(&path).map_err(|e| Failure::file("read", &path, &e))?;
    report(
        "schema",
        contract::check(&contract, &api, &contract::NOT_YET)?,
    )
}

/// Every file of `schema/` that the code decides, and the API schema.
fn generate(root: &Path, sdl: &BTreeMap<String, String>) -> Result<(Vec<Generated>, String)> {
    let config = SupergraphConfig::read(&root.join("supergraph.yaml"))?;
    let mut subgraphs = Vec::new();
    for (name, subgraph) in config.subgraphs() {
        let Some(sdl) = sdl.get(name) else {
            return Err(Failure::new(format!(
                "supergraph.yaml names the subgraph `{name}`, which xtask/examples/sdl.rs does not print"
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

/// The SDL of each subgraph as the code prints it, by name.
fn subgraph_sdl(root: &Path, sdl: Sdl) -> Result<BTreeMap<String, String>> {
    let mut command = match sdl {
        Sdl::Build => {
            let mut command = Command::new("cargo");
            command.args(["run", "--quiet", "--package", "xtask", "--example", "sdl"]);
            command
        }
        Sdl::Built => {
            let this = std::env::current_exe()
                .map_err(|e| Failure::new(format!("cannot find this program: {e}")))?;
            Command::new(this.with_file_name("examples").join("sdl"))
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
            "printing the subgraphs' SDL failed: {}",
            output.status
        )));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|e| Failure::new(format!("examples/sdl.rs printed no JSON: {e}")))
}
