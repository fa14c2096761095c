//! What the engine takes from files only, in files that nobody else can write.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use hive_router::config::primitives::file_path::FilePath;
use serde_json::Value;
use tempfile::TempDir;

/// The supergraph and the secret of tickets as files in a folder that only this user can enter; gone with this value.
pub(crate) struct PrivateFiles {
    pub(crate) supergraph: FilePath,
    pub(crate) keys: FilePath,
    _folder: TempDir,
}

impl PrivateFiles {
    pub(crate) fn write(supergraph: &str, jwks: &Value) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("rookery-router-")
            // Whoever could read or replace these files could make tickets.
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        Ok(Self {
            supergraph: file(folder.path(), "supergraph.graphql", supergraph.as_bytes())?,
            keys: file(folder.path(), "jwks.json", jwks.to_string().as_bytes())?,
            _folder: folder,
        })
    }
}

fn file(folder: &Path, name: &str, content: &[u8]) -> io::Result<FilePath> {
    let path = folder.join(name);
    fs::write(&path, content)?;
    let text = path.into_os_string().into_string().map_err(|path| {
        io::Error::other(format!(
            "the temporary folder is not UTF-8: {}",
            path.display()
        ))
    })?;
    Ok(FilePath {
        relative: text.clone(),
        absolute: text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Tickets;

    #[test]
    fn only_this_user_can_reach_the_files_and_they_go_with_the_value() {
        let tickets = Tickets::new();
        let files = PrivateFiles::write("type Query { a: Int }", tickets.jwks()).unwrap();
        let keys = Path::new(&files.keys.absolute).to_owned();
        let folder = keys.parent().unwrap().to_owned();
        assert_eq!(
            folder.metadata().unwrap().permissions().mode() & 0o777,
            0o700
        );
        let jwks: serde_json::Value = serde_json::from_slice(&fs::read(&keys).unwrap()).unwrap();
        assert_eq!(jwks["keys"][0]["alg"], "HS256");
        drop(files);
        assert!(!folder.exists());
    }
}
