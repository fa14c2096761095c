//! `cargo xtask sqlx`: every checked query of the subgraphs, described by a real PostgreSQL.
//!
//! The macros of sqlx write what they were told about a query into `SQLX_OFFLINE_DIR` when they expand with
//! `SQLX_OFFLINE=false` and a `DATABASE_URL` (sqlx-macros-core 0.9, `query/mod.rs`). So it is the compiler that makes
//! these files; the work here is a database with the migrations applied, and a compilation that really happens.

mod database;
mod touch;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::workspace::{Workspace, folder};
use contexts::Context;
use database::Database;
use registry::drift::{self, Generated};
use registry::failure::{Failure, Result};
use registry::finding::{Finding, report};
use touch::Touched;

const COMMAND: &str = "cargo xtask sqlx";

/// Files of one `.sqlx` folder, by name.
type Queries = BTreeMap<String, String>;

/// Writes `subgraphs/*/.sqlx`, or with `check_only` compares it with the code and the migrations.
pub fn run(workspace: &Workspace, check_only: bool) -> Result<()> {
    let database = Database::start()?;
    let root = workspace.root();
    let mut files = Vec::new();
    let mut stale = Vec::new();
    for context in Context::ALL {
        let fresh = describe(workspace, context, database.url(context))?;
        println!("{context}: {} queries", fresh.len());
        let committed = folder(root, workspace.member(context.name())?).join(".sqlx");
        stale.extend(stale_files(root, &committed, &fresh)?);
        files.extend(fresh.into_iter().map(|(name, content)| Generated {
            path: committed.join(name),
            content,
        }));
    }
    database.stop()?;
    if check_only {
        drift::check(root, &files, COMMAND)?;
        return report("queries", stale.into_iter().map(not_in_the_code).collect());
    }
    for file in &stale {
        fs::remove_file(root.join(file)).map_err(|e| Failure::file("remove", file, &e))?;
    }
    let written = drift::write(root, &files)?;
    println!("wrote {} files, removed {}", written.len(), stale.len());
    Ok(())
}

/// Compiles the sources of one context, tests included, against the database, and collects what the macros wrote.
///
/// The rest of the workspace is selected too, but for what depends on the subgraphs: dependencies are then built with
/// the features of every other build of the workspace, and not once more.
fn describe(workspace: &Workspace, context: Context, url: &str) -> Result<Queries> {
    let written =
        tempfile::tempdir().map_err(|e| Failure::new(format!("no temporary folder: {e}")))?;
    let sources = workspace
        .member(context.name())?
        .targets
        .iter()
        .map(|target| target.src_path.clone().into_std_path_buf());
    let touched = Touched::now(sources)?;
    let mut command = Command::new("cargo");
    command.args([
        "check",
        "--quiet",
        "--workspace",
        "--lib",
        "--bins",
        "--tests",
    ]);
    let others = Context::ALL.into_iter().filter(|other| *other != context);
    for excluded in others
        .map(Context::name)
        .chain(["bench", "rookery", "router", "xtask"])
    {
        command.args(["--exclude", excluded]);
    }
    let status = command
        .env("SQLX_OFFLINE", "false")
        .env("SQLX_OFFLINE_DIR", written.path())
        .env("DATABASE_URL", url)
        .current_dir(workspace.root())
        .status()
        .map_err(|e| Failure::new(format!("cannot run `cargo check`: {e}")))?;
    touched.restore()?;
    if !status.success() {
        return Err(Failure::new(format!(
            "{context} does not compile against its schema; the compiler's errors above say where"
        )));
    }
    read_folder(written.path())
}

/// The query files of a folder; none when there is no such folder.
fn read_folder(folder: &Path) -> Result<Queries> {
    let mut queries = Queries::new();
    if !folder.is_dir() {
        return Ok(queries);
    }
    for entry in fs::read_dir(folder).map_err(|e| Failure::file("read", folder, &e))? {
        let path = entry.map_err(|e| Failure::file("read", folder, &e))?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        if let Some(name) = name.filter(|name| name.starts_with("query-")) {
            let text = fs::read_to_string(&path).map_err(|e| Failure::file("read", &path, &e))?;
            queries.insert(name, text);
        }
    }
    Ok(queries)
}

/// Committed files of queries that the code does not have any more.
fn stale_files(root: &Path, committed: &Path, fresh: &Queries) -> Result<Vec<PathBuf>> {
    Ok(read_folder(&root.join(committed))?
        .into_keys()
        .filter(|name| !fresh.contains_key(name))
        .map(|name| committed.join(name))
        .collect())
}

fn not_in_the_code(file: PathBuf) -> Finding {
    Finding {
        file,
        line: 0,
        wrong: "no query in the code belongs to it".into(),
        right: format!("run `{COMMAND}`, which removes it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_committed_query_that_the_code_has_lost_is_stale() {
        let root = tempfile::tempdir().unwrap();
        let committed = Path::new("posts/.sqlx");
        assert!(
            stale_files(root.path(), committed, &Queries::new())
                .unwrap()
                .is_empty()
        );
        fs::create_dir_all(root.path().join(committed)).unwrap();
        for name in ["query-kept.json", "query-lost.json", "README.md"] {
            fs::write(root.path().join(committed).join(name), "{}").unwrap();
        }
        let fresh = Queries::from([("query-kept.json".into(), "{}".into())]);
        assert_eq!(
            stale_files(root.path(), committed, &fresh).unwrap(),
            [committed.join("query-lost.json")]
        );
    }
}
