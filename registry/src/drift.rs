//! Generated files: written, or compared with what is committed.

use std::fs;
use std::path::{Path, PathBuf};

use similar::TextDiff;

use crate::failure::{Failure, Result};

/// A generated file: its path and the content it has to have.
pub struct Generated {
    pub path: PathBuf,
    pub content: String,
}

/// Writes each file whose content differs; returns which.
pub fn write<'a>(root: &Path, files: &'a [Generated]) -> Result<Vec<&'a Path>> {
    let mut written = Vec::new();
    for file in files {
        let path = root.join(&file.path);
        if fs::read_to_string(&path).is_ok_and(|old| old == file.content) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|e| Failure::file("create", folder, &e))?;
        }
        fs::write(&path, &file.content).map_err(|e| Failure::file("write", &path, &e))?;
        written.push(file.path.as_path());
    }
    Ok(written)
}

/// A committed file that is not what it is generated from.
#[derive(Debug, Clone)]
pub struct Stale {
    pub path: PathBuf,
    /// From what is committed to what it has to be.
    pub diff: String,
}

/// Every file that differs; a missing one is an empty one.
pub fn stale(root: &Path, files: &[Generated]) -> Result<Vec<Stale>> {
    let mut found = Vec::new();
    for file in files {
        let path = root.join(&file.path);
        let committed = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => return Err(Failure::file("read", &path, &e)),
        };
        found.extend(compare(file, &committed));
    }
    Ok(found)
}

/// The difference between a generated file and its committed text, if there is any.
pub fn compare(file: &Generated, committed: &str) -> Option<Stale> {
    (committed != file.content).then(|| Stale {
        path: file.path.clone(),
        diff: diff(&file.path, committed, &file.content),
    })
}

/// Fails with a diff of every file that differs, and with the command that puts it right.
pub fn check(root: &Path, files: &[Generated], command: &str) -> Result<()> {
    let stale = stale(root, files)?;
    if stale.is_empty() {
        return Ok(());
    }
    for file in &stale {
        print!("{}", file.diff);
    }
    Err(Failure::new(format!(
        "{} generated file(s) differ from the code; run `{command}` and commit the result",
        stale.len()
    )))
}

/// A unified diff, from what is committed to what the code gives.
fn diff(path: &Path, committed: &str, generated: &str) -> String {
    TextDiff::from_lines(committed, generated)
        .unified_diff()
        .context_radius(3)
        .header(
            &format!("{} (committed)", path.display()),
            &format!("{} (from the code)", path.display()),
        )
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated(content: &str) -> Vec<Generated> {
        vec![Generated {
            path: "schema/x.graphql".into(),
            content: content.into(),
        }]
    }

    #[test]
    fn a_file_that_was_written_has_not_drifted() {
        let root = tempfile::tempdir().unwrap();
        let files = generated("type Query\n");
        assert_eq!(
            write(root.path(), &files).unwrap(),
            [Path::new("schema/x.graphql")]
        );
        assert!(write(root.path(), &files).unwrap().is_empty());
        check(
            root.path(),
            &generated("type Query\n"),
            "cargo xtask schema",
        )
        .unwrap();
    }

    #[test]
    fn a_missing_and_a_changed_file_have_drifted_and_the_command_is_named() {
        let root = tempfile::tempdir().unwrap();
        let missing = check(root.path(), &generated("a\n"), "cargo xtask schema").unwrap_err();
        assert!(
            missing.to_string().contains("cargo xtask schema"),
            "{missing}"
        );
        write(root.path(), &generated("a\n")).unwrap();
        assert!(check(root.path(), &generated("b\n"), "cargo xtask schema").is_err());
    }

    #[test]
    fn the_diff_shows_both_sides() {
        let text = diff(Path::new("x"), "a\nb\n", "a\nc\n");
        assert!(text.contains("-b\n+c\n"), "{text}");
    }
}
