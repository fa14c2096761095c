//! Reads a graph and its recorded operations from a folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::operations::{self, Operation, OperationsError};

use super::inputs::{Approval, Schemas, Source, Unread, Use};
use super::steps::approvals;
use crate::compose::Subgraph;
use crate::failure::{Failure, Result};
use crate::supergraph_yaml::SupergraphConfig;

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
pub(super) fn in_folder(folder: &Path, text: &str, prefix: &str) -> String {
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
