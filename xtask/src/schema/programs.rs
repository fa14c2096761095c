//! Programs of other crates that this one runs, so that it builds without them: `contracts`, which contains the subgraphs,
//! and `rookery-plan`, which contains the router's engine.

use std::path::{Path, PathBuf};
use std::process::Command;

use registry::failure::{Failure, Result};

/// Builds a target of the workspace. `target` is its kind and name, such as `["--bin", "rookery-plan"]`.
pub fn build(root: &Path, target: [&str; 2]) -> Result<()> {
    // With the features of the whole workspace, so that nothing that `cargo run` and the tests have built is built again.
    let status = Command::new("cargo")
        .args(["build", "--quiet", "--workspace"])
        .args(target)
        .current_dir(root)
        .status()
        .map_err(|e| Failure::new(format!("cannot run cargo: {e}")))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "building `{}` failed: {status}",
        target.join(" ")
    )))
}

/// Path of the `contracts` example, which cargo puts beside this program.
pub fn contracts() -> Result<PathBuf> {
    let this = std::env::current_exe()
        .map_err(|e| Failure::new(format!("cannot find this program: {e}")))?;
    let program = this.with_file_name("examples").join("contracts");
    if program.is_file() {
        return Ok(program);
    }
    Err(Failure::new(format!(
        "{} does not exist: build it with `cargo build --workspace --example contracts`",
        program.display()
    )))
}
