//! The base of a check: a revision of git, a folder, or the latest version of a registry.

use std::path::Path;
use std::process::Command;

use super::inputs::Schemas;
use super::sources::{OPERATIONS, Tree, in_folder, read};
use crate::failure::{Failure, Result};
use crate::published::subgraphs_of;
use crate::{Registry, object_stores};

/// Reads the base that `--base` names, by default the commit where the branch began.
pub fn read_base(folder: &Path, name: Option<&str>) -> Result<Tree> {
    match name {
        Some(url) if url.starts_with("file:") || url.starts_with("s3:") => {
            object_stores::block_on(read_registry(url))
        }
        Some(path) if Path::new(path).join("supergraph.yaml").is_file() => {
            read(Path::new(path), path)
        }
        revision => read_revision(folder, &Base::find(folder, revision)?),
    }
}

/// The latest version of a registry. A registry keeps no operations.
async fn read_registry(url: &str) -> Result<Tree> {
    let registry = Registry::new(object_stores::open(url, "--base")?);
    let failed = |error: crate::RegistryError| Failure::new(error.to_string());
    let latest = registry.latest().await.map_err(failed)?;
    let latest = latest
        .ok_or_else(|| Failure::new(format!("--base {url}: nothing is published there yet")))?;
    Ok(Tree {
        schemas: Schemas {
            described: format!("version {} of {url}", latest.version),
            subgraphs: subgraphs_of(&registry, &latest).await?,
            supergraph: Some(registry.document(latest.supergraph).await.map_err(failed)?),
            api: Some(registry.document(latest.api).await.map_err(failed)?),
        },
        operations: Vec::new(),
        unread: Vec::new(),
    })
}

/// The same as git has it at a revision.
pub fn read_revision(root: &Path, revision: &Base) -> Result<Tree> {
    let folder = tempfile::tempdir().map_err(|e| {
        Failure::new(format!(
            "cannot make a folder for {}: {e}",
            revision.described
        ))
    })?;
    let wanted = ["supergraph.yaml", "schema", OPERATIONS];
    let mut listing = vec![
        "ls-tree",
        "--name-only",
        "--full-tree",
        &revision.commit,
        "--",
    ];
    listing.extend(wanted);
    let there = git(root, &listing)?;
    let there: Vec<_> = there.lines().collect();
    if !there.contains(&"supergraph.yaml") || !there.contains(&"schema") {
        return Err(Failure::new(format!(
            "{} has no supergraph.yaml and schema/ to compare with",
            revision.described
        )));
    }
    let folder_argument = format!("--work-tree={}", folder.path().display());
    let mut checkout = vec![
        &*folder_argument,
        "checkout",
        "--quiet",
        &revision.commit,
        "--",
    ];
    checkout.extend(there);
    // An index of its own: the working tree and what is staged in it are not touched.
    let mut command = Command::new("git");
    command
        .args(checkout)
        .env("GIT_INDEX_FILE", folder.path().join(".index"));
    run(root, command)?;
    // As git writes it.
    let prefix = format!("{}:", revision.short());
    let mut tree = read(folder.path(), &revision.described)
        .map_err(|e| Failure::new(in_folder(folder.path(), &e.to_string(), &prefix)))?;
    for subgraph in &mut tree.schemas.subgraphs {
        subgraph.file.insert_str(0, &prefix);
    }
    for unread in &mut tree.unread {
        unread.wrong = unread
            .wrong
            .replace(&unread.file, &format!("{prefix}{}", unread.file));
        unread.file.insert_str(0, &prefix);
        unread.at_base = true;
    }
    Ok(tree)
}

/// A commit, and how to call it.
#[derive(Debug)]
pub struct Base {
    pub commit: String,
    pub described: String,
}

impl Base {
    fn named(commit: String, why: &str) -> Self {
        let mut base = Self {
            commit,
            described: String::new(),
        };
        base.described = format!("{} ({why})", base.short());
        base
    }

    fn short(&self) -> &str {
        self.commit.get(..10).unwrap_or(&self.commit)
    }

    /// The revision that was asked for, or else the commit at which the work on a branch began.
    pub fn find(root: &Path, revision: Option<&str>) -> Result<Self> {
        let commit = |revision: &str| {
            git(
                root,
                &[
                    "rev-parse",
                    "--verify",
                    "--quiet",
                    "--end-of-options",
                    &format!("{revision}^{{commit}}"),
                ],
            )
        };
        if let Some(revision) = revision {
            let Ok(commit) = commit(revision) else {
                return Err(Failure::new(format!(
                    "--base {revision}: git knows no such revision"
                )));
            };
            return Ok(Self::named(commit, revision));
        }
        let head = commit("HEAD")
            .map_err(|e| {
                Failure::new(format!(
                    "there is no commit to compare with: {e}; name a base with --base: a revision of git, a folder with supergraph.yaml, or a registry"
                ))
            })?;
        let default = git(
            root,
            &[
                "symbolic-ref",
                "--quiet",
                "--short",
                "refs/remotes/origin/HEAD",
            ],
        )
        .ok();
        let branches = default
            .into_iter()
            .chain(["origin/main".to_owned(), "origin/master".to_owned()]);
        for branch in branches {
            if let Ok(base) = git(root, &["merge-base", "HEAD", &branch]) {
                return Ok(Self::named(base, &format!("where HEAD and {branch} part")));
            }
        }
        Ok(Self::named(
            head,
            "HEAD, as there is no branch of origin to compare with",
        ))
    }
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let mut command = Command::new("git");
    command.args(arguments);
    run(root, command)
}

fn run(root: &Path, mut command: Command) -> Result<String> {
    let output = command
        .current_dir(root)
        .output()
        .map_err(|e| Failure::new(format!("cannot run git: {e}")))?;
    if !output.status.success() {
        let arguments: Vec<_> = command.get_args().map(|it| it.to_string_lossy()).collect();
        let reason = String::from_utf8_lossy(&output.stderr);
        return Err(Failure::new(format!(
            "`git {}` failed: {}",
            arguments.join(" "),
            reason.trim()
        )));
    }
    Ok(String::from_utf8_lossy(&output.stdout)
        .trim_end()
        .to_owned())
}

#[cfg(test)]
#[path = "base_tests.rs"]
mod tests;
