//! Files for what the engine reads from files only, in a folder that no other user can enter.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use hive_router::config::primitives::file_path::FilePath;
use serde_json::Value;
use tempfile::TempDir;

const SUPERGRAPH: &str = "supergraph.graphql";

/// The supergraph, the recorded documents and the key of the internal tokens, in a temporary folder with mode 0700. Dropping
/// the value deletes the folder.
pub(crate) struct PrivateFiles {
    pub(crate) supergraph: FilePath,
    pub(crate) documents: FilePath,
    pub(crate) keys: FilePath,
    folder: TempDir,
}

impl PrivateFiles {
    pub(crate) fn write(supergraph: &str, documents: &Value, jwks: &Value) -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("rookery-router-")
            // Read access to the key file would be enough to forge internal tokens.
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        Ok(Self {
            supergraph: file(folder.path(), SUPERGRAPH, supergraph)?,
            documents: file(folder.path(), "documents.json", &documents.to_string())?,
            keys: file(folder.path(), "jwks.json", &jwks.to_string())?,
            folder,
        })
    }

    /// Replaces the supergraph atomically.
    pub(crate) fn replace_supergraph(&self, supergraph: &str) -> io::Result<()> {
        let folder = self.folder.path();
        let new = folder.join("supergraph.new");
        fs::write(&new, supergraph)?;
        fs::rename(new, folder.join(SUPERGRAPH))
    }

    /// Deletes the key file once the engine has read it.
    pub(crate) fn delete_keys(&self) -> io::Result<()> {
        fs::remove_file(&self.keys.absolute)
    }
}

fn file(folder: &Path, name: &str, content: &str) -> io::Result<FilePath> {
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
    use crate::guard::InternalTokens;

    #[test]
    fn only_this_user_can_reach_the_files_and_they_go_with_the_value() {
        let internal_tokens = InternalTokens::new();
        let files = PrivateFiles::write(
            "type Query { a: Int }",
            &Value::Null,
            internal_tokens.jwks(),
        );
        let files = files.unwrap();
        let keys = Path::new(&files.keys.absolute).to_owned();
        let folder = keys.parent().unwrap().to_owned();
        assert_eq!(
            folder.metadata().unwrap().permissions().mode() & 0o777,
            0o700
        );
        let jwks: serde_json::Value = serde_json::from_slice(&fs::read(&keys).unwrap()).unwrap();
        assert_eq!(jwks["keys"][0]["alg"], "HS256");
        files.delete_keys().unwrap();
        assert!(!keys.exists());
        files.replace_supergraph("type Query { b: Int }").unwrap();
        let supergraph = fs::read_to_string(&files.supergraph.absolute).unwrap();
        assert_eq!(supergraph, "type Query { b: Int }");
        drop(files);
        assert!(!folder.exists());
    }
}
