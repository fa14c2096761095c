//! Recorded operations: what clients send, as they commit it.
//!
//! A folder has, for each client, a folder `<client>/` with one file `<Name>.graphql` an operation, its fragments in the
//! same file, or a manifest `<client>.json` as the client's own tool writes it: Apollo's `apollo-persisted-query-manifest`
//! of version 1, or one object `{"id": "document"}` as Relay and GraphQL Code Generator write it. A client may have both.

mod manifest;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use apollo_compiler::ast::{Definition, Document, OperationDefinition};
use apollo_compiler::parser::Parser;

use crate::Hash;

/// What a folder of operations may hold beside them.
const NOTES: &str = "README.md";

/// One operation of one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// By which the client may ask for it: the manifest's id, or SHA-256 of the document, 64 hexadecimal digits.
    pub id: String,
    pub client: String,
    pub name: String,
    /// As written, without the newline at the end of a file.
    pub document: String,
    /// Where it is written.
    pub file: PathBuf,
}

#[derive(Debug, thiserror::Error)]
pub enum OperationsError {
    #[error("cannot read {}: {source}", file.display())]
    Unreadable { file: PathBuf, source: io::Error },
    /// The text says what would be right.
    #[error("{}: {wrong}", file.display())]
    Wrong { file: PathBuf, wrong: String },
    #[error(
        "{} and {} have different documents under the id `{id}`: write one of the manifests anew",
        first.display(),
        second.display()
    )]
    Ambiguous {
        id: String,
        first: PathBuf,
        second: PathBuf,
    },
}

type Result<T> = std::result::Result<T, OperationsError>;

/// All operations below a folder, by client, name and id. The documents parse and have one named operation each; whether
/// they fit a schema is for others to say. The error is the first of what is wrong.
pub fn read(folder: &Path) -> Result<Vec<Operation>> {
    let (operations, wrong) = read_each(folder);
    match wrong.into_iter().next() {
        Some(wrong) => Err(wrong),
        None => Ok(operations),
    }
}

/// The same, but what is wrong is left out and does not hide the rest. Of a manifest that is no manifest, all is.
pub fn read_each(folder: &Path) -> (Vec<Operation>, Vec<OperationsError>) {
    let (mut operations, mut wrong) = (Vec::new(), Vec::new());
    for read in clients(folder) {
        match read {
            Ok(operation) => operations.push(operation),
            Err(error) => wrong.push(error),
        }
    }
    operations.sort_by(|a, b| (&a.client, &a.name, &a.id).cmp(&(&b.client, &b.name, &b.id)));
    // One that is in a folder and in a manifest too is one operation of its client.
    operations.dedup_by(|a, b| (&a.client, &a.id, &a.document) == (&b.client, &b.id, &b.document));
    wrong.extend(refuse_ambiguous(&operations).err());
    (operations, wrong)
}

fn clients(folder: &Path) -> Vec<Result<Operation>> {
    let paths = match entries(folder) {
        Ok(paths) => paths,
        Err(error) => return vec![Err(error)],
    };
    let client = |path: PathBuf| {
        let name = match file_name(&path) {
            Ok(name) => name,
            Err(error) => return vec![Err(error)],
        };
        if path.is_dir() {
            read_client(&path, name)
        } else if let Some(client) = name.strip_suffix(".json") {
            read_manifest(&path, client)
        } else if name == NOTES {
            Vec::new()
        } else {
            let what = "expected a folder `<client>/` or a manifest `<client>.json`";
            vec![Err(wrong(&path, what))]
        }
    };
    paths.into_iter().flat_map(client).collect()
}

fn read_manifest(path: &Path, client: &str) -> Vec<Result<Operation>> {
    let entries = text(path).and_then(|it| manifest::parse(&it).map_err(|e| wrong(path, e)));
    let operation = |entry: manifest::Entry| {
        let operation = entry.into_operation(client, path);
        operation.map_err(|e| wrong(path, e))
    };
    match entries {
        Ok(entries) => entries.into_iter().map(operation).collect(),
        Err(error) => vec![Err(error)],
    }
}

/// SHA-256 of a document in hexadecimal: the id that Apollo's automatic persisted queries give it, too.
pub fn id(document: &str) -> String {
    Hash::of(document).to_string()
}

fn read_client(folder: &Path, client: &str) -> Vec<Result<Operation>> {
    match entries(folder) {
        Ok(paths) => paths
            .iter()
            .filter_map(|path| read_file(path, client).transpose())
            .collect(),
        Err(error) => vec![Err(error)],
    }
}

/// The operation of a file; none of one that is about them.
fn read_file(path: &Path, client: &str) -> Result<Option<Operation>> {
    let file = file_name(path)?;
    if file == NOTES {
        return Ok(None);
    }
    let Some(stem) = file.strip_suffix(".graphql").filter(|_| path.is_file()) else {
        let what = "expected a file `<Name>.graphql` with one operation and its fragments";
        return Err(wrong(path, what));
    };
    let text = text(path)?;
    let document = text.strip_suffix('\n').unwrap_or(&text);
    let (name, _) = operation(document, path).map_err(|e| wrong(path, e))?;
    if name != stem {
        let what = format!("its operation is `{name}`: name the file `{name}.graphql`");
        return Err(wrong(path, what));
    }
    Ok(Some(Operation {
        id: id(document),
        client: client.to_owned(),
        name,
        document: document.to_owned(),
        file: path.to_owned(),
    }))
}

/// Name and kind (`query`, `mutation`, `subscription`) of the only operation of a document, or what is wrong with it.
fn operation(document: &str, file: &Path) -> std::result::Result<(String, &'static str), String> {
    let parsed = Parser::new()
        .parse_ast(document, file)
        .map_err(|e| format!("this is not GraphQL:\n{}", e.errors))?;
    let found = operations_of(&parsed)?;
    match found.as_slice() {
        [] => Err("it has no operation: write one, named, with its fragments".to_owned()),
        [only] => match &only.name {
            Some(name) => Ok((name.to_string(), only.operation_type.name())),
            None => Err(format!(
                "its operation has no name: write `{} SomeName …`",
                only.operation_type.name()
            )),
        },
        several => Err(format!(
            "it has {} operations: one a file, with its fragments",
            several.len()
        )),
    }
}

fn operations_of(document: &Document) -> std::result::Result<Vec<&OperationDefinition>, String> {
    let mut operations = Vec::new();
    for definition in &document.definitions {
        match definition {
            Definition::OperationDefinition(operation) => operations.push(&**operation),
            Definition::FragmentDefinition(_) => {}
            _ => {
                return Err("it defines more: only operations and fragments belong here".to_owned());
            }
        }
    }
    Ok(operations)
}

fn refuse_ambiguous(operations: &[Operation]) -> Result<()> {
    let mut by_id: BTreeMap<&str, &Operation> = BTreeMap::new();
    for operation in operations {
        match by_id.entry(&operation.id) {
            Entry::Vacant(entry) => {
                entry.insert(operation);
            }
            Entry::Occupied(entry) if entry.get().document == operation.document => {}
            Entry::Occupied(entry) => {
                return Err(OperationsError::Ambiguous {
                    id: operation.id.clone(),
                    first: entry.get().file.clone(),
                    second: operation.file.clone(),
                });
            }
        }
    }
    Ok(())
}

/// What is in a folder, but for hidden files.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |source| OperationsError::Unreadable {
        file: folder.to_owned(),
        source,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().map(OsStr::as_encoded_bytes);
        if !hidden.is_some_and(|name| name.starts_with(b".")) {
            paths.push(path);
        }
    }
    // The order of a folder is none; errors are to be the same every time.
    paths.sort();
    Ok(paths)
}

fn text(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|source| OperationsError::Unreadable {
        file: path.to_owned(),
        source,
    })
}

fn file_name(path: &Path) -> Result<&str> {
    path.file_name()
        .and_then(OsStr::to_str)
        .ok_or_else(|| wrong(path, "its name is not UTF-8: choose another"))
}

fn wrong(file: &Path, what: impl Into<String>) -> OperationsError {
    OperationsError::Wrong {
        file: file.to_owned(),
        wrong: what.into(),
    }
}

#[cfg(test)]
#[path = "operations/tests.rs"]
mod tests;
