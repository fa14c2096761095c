//! `cargo xtask features`: `cargo run` and `cargo test --workspace` build the same dependencies.
//!
//! Cargo unifies features over the crates that a command selects. A crate that only tests or tools depend on can thus
//! switch on a feature of a shared dependency, and everything above it, the router engine included, is compiled twice.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use registry::failure::{Failure, Result};
use registry::finding::{Finding, report};

pub fn run(root: &Path) -> Result<()> {
    let whole = tree(root, &["--workspace", "--edges", "normal,build,dev"])?;
    let started = tree(root, &["--package", "rookery", "--edges", "normal,build"])?;
    report("features", check(&started, &whole))
}

/// `name version [features]` of each dependency of a selection.
fn tree(root: &Path, selection: &[&str]) -> Result<BTreeSet<String>> {
    let output = Command::new("cargo")
        .args([
            "tree",
            "--quiet",
            "--locked",
            "--prefix",
            "none",
            "--no-dedupe",
            // Without it cargo takes a dependency of a build script for that of a program with the same features, whichever
            // it comes to first, and shows the features of what is below it wrong.
            "--target",
            "host-tuple",
        ])
        .args(["--format", "{p} [{f}]"])
        .args(selection)
        .current_dir(root)
        .output()
        .map_err(|e| Failure::new(format!("cannot run `cargo tree`: {e}")))?;
    if !output.status.success() {
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!(
            "`cargo tree` failed: {}",
            reason.trim()
        )));
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    Ok(lines
        .lines()
        .filter(|line| !line.is_empty())
        .map(ToOwned::to_owned)
        .collect())
}

fn check(started: &BTreeSet<String>, whole: &BTreeSet<String>) -> Vec<Finding> {
    started
        .difference(whole)
        .map(|line| {
            let package = line.split(" [").next().unwrap_or(line);
            let others: Vec<_> = whole
                .iter()
                .filter(|other| other.split(" [").next() == Some(package))
                .map(String::as_str)
                .collect();
            Finding {
                file: PathBuf::from("Cargo.toml"),
                line: 0,
                wrong: format!(
                    "`cargo run` builds {line}, `cargo test --workspace` builds {}",
                    others.join(" and ")
                ),
                right:
                    "name the features in [workspace.dependencies], or the engine is compiled twice"
                        .into(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_that_only_a_tool_switches_on_is_found() {
        let set = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect();
        let whole = set(&[
            "serde_json v1.0.0 [default,preserve_order]",
            "url v2.0.0 [default]",
        ]);
        assert!(check(&set(&["url v2.0.0 [default]"]), &whole).is_empty());
        let findings = check(&set(&["serde_json v1.0.0 [default]"]), &whole);
        let wrong: Vec<_> = findings
            .iter()
            .map(|finding| finding.wrong.as_str())
            .collect();
        assert_eq!(
            wrong,
            ["`cargo run` builds serde_json v1.0.0 [default], \
              `cargo test --workspace` builds serde_json v1.0.0 [default,preserve_order]"]
        );
    }
}
