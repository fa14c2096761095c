//! `cargo xtask layers`: the architecture, enforced.

mod circles;
mod crates;
mod files;
mod paths;
mod rules;
mod tokens;

use std::fs;
use std::path::{Path, PathBuf};

use crate::workspace::{CONTEXTS, Workspace, folder};
use crates::Edge;
use files::SourceFile;
use registry::failure::{Failure, Result};
use registry::finding::{Finding, report};

/// Reads every crate of the workspace and reports what points the wrong way.
pub fn run(workspace: &Workspace) -> Result<()> {
    let mut findings = crates::check(&edges(workspace));
    for package in workspace.members() {
        let folder = folder(workspace.root(), package);
        findings.extend(check_package(
            workspace.root(),
            package.name.as_str(),
            &folder,
        )?);
    }
    report("layers", findings)
}

fn edges(workspace: &Workspace) -> Vec<Edge> {
    let mut edges = Vec::new();
    for package in workspace.members() {
        let manifest = folder(workspace.root(), package).join("Cargo.toml");
        edges.extend(package.dependencies.iter().map(|dependency| Edge {
            from: package.name.to_string(),
            to: dependency.name.clone(),
            dev: dependency.kind == cargo_metadata::DependencyKind::Development,
            manifest: manifest.clone(),
        }));
    }
    edges
}

fn check_package(root: &Path, package: &str, folder: &Path) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    let mut modules = Vec::new();
    for part in ["src", "tests", "examples", "benches"] {
        for path in rust_files(&root.join(folder).join(part))? {
            let text = fs::read_to_string(&path).map_err(|e| Failure::file("read", &path, &e))?;
            let relative = path.strip_prefix(root).unwrap_or(&path);
            let file = SourceFile {
                path: relative,
                package,
                in_package: relative.strip_prefix(folder).unwrap_or(relative),
                text: &text,
            };
            findings.extend(file.check());
            modules.extend(file.module_without_tests());
        }
    }
    let is_context = CONTEXTS.contains(&package);
    findings.extend(circles::check(&modules, |module| {
        is_context && module == rules::MUTUAL
    }));
    Ok(findings)
}

/// The Rust files under a folder, sorted; none when there is no such folder.
fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).map_err(|e| Failure::file("read", folder, &e))?;
    for entry in entries {
        let path = entry.map_err(|e| Failure::file("read", folder, &e))?.path();
        if path.is_dir() {
            files.extend(rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_violation_planted_in_a_folder_is_reported_with_file_and_line() {
        let root = tempfile::tempdir().unwrap();
        let app = root.path().join("subgraphs/posts/src/app");
        fs::create_dir_all(&app).unwrap();
        fs::write(app.join("timeline.rs"), "//! Fine.\n\nuse axum::Json;\n").unwrap();
        let findings = check_package(root.path(), "posts", Path::new("subgraphs/posts")).unwrap();
        let shown: Vec<_> = findings.iter().map(Finding::to_string).collect();
        assert_eq!(shown.len(), 1, "{shown:?}");
        assert!(shown.iter().all(|line| {
            line.starts_with("subgraphs/posts/src/app/timeline.rs:3: app/ knows axum (axum::Json)")
        }));
    }
}
