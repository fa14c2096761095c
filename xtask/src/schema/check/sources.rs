//! What is checked, and what it is compared with, from the working tree and from git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use registry::operations::{self, Operation, OperationsError};

use super::inputs::{Approval, Schemas, Source, Unread, Use};
use super::steps::approvals;
use crate::failure::{Failure, Result};
use crate::schema::compose::Subgraph;
use crate::schema::supergraph_yaml::SupergraphConfig;

pub const OPERATIONS: &str = "operations";

/// The graph and its clients, as a folder has them.
pub struct Tree {
    pub schemas: Schemas,
    pub operations: Vec<Operation>,
    pub unread: Vec<Unread>,
}

/// Reads `supergraph.yaml`, `schema/` and `operations/` below a folder.
pub fn read(folder: &Path, described: &str) -> Result<Tree> {
    let mut subgraphs = Vec::new();
    for (name, subgraph) in SupergraphConfig::read(&folder.join("supergraph.yaml"))?.subgraphs() {
        let file = subgraph.file();
        subgraphs.push(Subgraph {
            name: name.to_owned(),
            url: subgraph.routing_url.clone(),
            sdl: text(&folder.join(file))?,
            file: file.display().to_string(),
        });
    }
    let (operations, unread) = each_operation(folder)?;
    Ok(Tree {
        schemas: Schemas {
            described: described.to_owned(),
            subgraphs,
            supergraph: optional(&folder.join("schema/supergraph.graphql"))?,
            api: optional(&folder.join("schema/api.graphql"))?,
        },
        operations,
        unread,
    })
}

/// The operations that are recorded below a folder, and what is wrong with others.
fn each_operation(folder: &Path) -> Result<(Vec<Operation>, Vec<Unread>)> {
    let recorded = folder.join(OPERATIONS);
    if !recorded.exists() {
        return Ok(Default::default());
    }
    let (operations, errors) = operations::read_each(&recorded);
    let mut unread = Vec::new();
    for error in errors {
        let file = match &error {
            OperationsError::Unreadable { .. } => return Err(Failure::new(error.to_string())),
            OperationsError::Wrong { file, .. } => file,
            OperationsError::Ambiguous { second, .. } => second,
        };
        unread.push(Unread {
            file: in_folder(folder, &file.display().to_string(), ""),
            wrong: in_folder(folder, &error.to_string(), ""),
            at_base: false,
        });
    }
    let operations = operations.into_iter().map(|it| below(folder, it));
    Ok((operations.collect(), unread))
}

/// A text with paths relative to a folder, after a prefix.
fn in_folder(folder: &Path, text: &str, prefix: &str) -> String {
    text.replace(&format!("{}/", folder.display()), prefix)
}

/// The operations that are recorded below a folder; none where nothing is.
pub fn read_operations(folder: &Path) -> Result<Vec<Operation>> {
    let recorded = folder.join(OPERATIONS);
    if !recorded.exists() {
        return Ok(Vec::new());
    }
    let operations = operations::read(&recorded).map_err(|e| Failure::new(e.to_string()))?;
    Ok(operations.into_iter().map(|it| below(folder, it)).collect())
}

fn below(folder: &Path, operation: Operation) -> Operation {
    let file = operation
        .file
        .strip_prefix(folder)
        .map(Path::to_owned)
        .unwrap_or(operation.file);
    Operation { file, ..operation }
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
            .map_err(|e| Failure::new(format!("there is no commit to compare with: {e}")))?;
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

/// What clients send: as recorded now, and what was recorded at the base and is no more.
pub fn uses(head: Vec<Operation>, base: Vec<Operation>) -> Vec<Use> {
    let gone = |operation: &Operation| {
        !head
            .iter()
            .any(|it| it.client == operation.client && it.document == operation.document)
    };
    let retired: Vec<_> = base.into_iter().filter(gone).collect();
    let recorded = head.into_iter().map(|it| named(it, Source::Recorded));
    recorded
        .chain(retired.into_iter().map(|it| named(it, Source::Retired)))
        .collect()
}

fn named(operation: Operation, source: impl Fn(PathBuf) -> Source) -> Use {
    Use {
        client: operation.client,
        name: operation.name,
        document: operation.document,
        source: source(operation.file),
    }
}

/// The reviewed exceptions; none when there is no such file.
pub fn read_approvals(root: &Path) -> Result<Vec<Approval>> {
    let path = root.join(approvals::FILE);
    let Some(text) = optional(&path)? else {
        return Ok(Vec::new());
    };
    let approvals: Option<Vec<Approval>> = serde_yaml_ng::from_str(&text).map_err(|e| {
        let expected = "expected a list of coordinate, code, reason, by, until (2026-12-31)";
        Failure::file("read", &path, &format!("{expected}: {e}"))
    })?;
    let approvals = approvals.unwrap_or_default();
    for approval in &approvals {
        let Approval {
            coordinate, code, ..
        } = approval;
        let fields = [
            ("coordinate", coordinate),
            ("code", code),
            ("reason", &approval.reason),
            ("by", &approval.by),
        ];
        if let Some((empty, _)) = fields.iter().find(|(_, text)| text.trim().is_empty()) {
            let wrong = format!("`{empty}` of {code} at `{coordinate}` is empty: say it");
            return Err(Failure::file("read", &path, &wrong));
        }
    }
    Ok(approvals)
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|e| Failure::file("read", path, &e))
}

/// A file that need not be there.
pub fn optional(path: &Path) -> Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(e) => Err(Failure::file("read", path, &e)),
    }
}

#[cfg(test)]
#[path = "sources_tests.rs"]
mod tests;
