//! Programs of other crates that this one runs, so that it builds without them: `contracts`, which has the subgraphs in
//! it, and `plan`, which has the router's engine.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Result};

#[derive(Clone, Copy)]
pub enum Programs {
    /// Cargo builds them first.
    Build,
    /// Those that were built together with this program: `cargo build --workspace --examples` makes them.
    Built,
}

impl Programs {
    /// An example of the workspace, ready to be run.
    pub fn find(self, root: &Path, name: &str) -> Result<PathBuf> {
        let this = std::env::current_exe()
            .map_err(|e| Failure::new(format!("cannot find this program: {e}")))?;
        if let Self::Build = self {
            // With the features of the whole workspace: what `cargo run` and the tests have built is not built again.
            let mut command = Command::new("cargo");
            command
                .args(["build", "--quiet", "--workspace", "--example", name])
                .current_dir(root);
            let status = command
                .status()
                .map_err(|e| Failure::new(format!("cannot run cargo: {e}")))?;
            if !status.success() {
                return Err(Failure::new(format!(
                    "building the example `{name}` failed: {status}"
                )));
            }
        }
        // Cargo has put this program where it puts those.
        let program = this.with_file_name("examples").join(name);
        if program.is_file() {
            return Ok(program);
        }
        Err(Failure::new(format!(
            "{} is not there: build it with `cargo build --workspace --example {name}`",
            program.display()
        )))
    }
}
