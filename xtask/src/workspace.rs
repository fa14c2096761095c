//! The workspace this command runs in.

use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand, Package};
use contexts::Context;

use registry::failure::{Failure, Result};

/// Names of the contexts: of their crates, subgraphs and schemas.
pub const CONTEXTS: [&str; Context::ALL.len()] = Context::NAMES;

pub struct Workspace {
    pub metadata: Metadata,
}

impl Workspace {
    /// The workspace's own packages, without resolving their dependencies.
    pub fn load() -> Result<Self> {
        Self::run(MetadataCommand::new().no_deps())
    }

    /// The same with every dependency that a build on this machine has, as `Cargo.lock` has them.
    pub fn load_with_dependencies() -> Result<Self> {
        let options = ["--locked", "--filter-platform", "host-tuple"].map(ToOwned::to_owned);
        Self::run(MetadataCommand::new().other_options(options))
    }

    fn run(command: &MetadataCommand) -> Result<Self> {
        let metadata = command
            .exec()
            .map_err(|e| Failure::new(format!("`cargo metadata` failed: {e}")))?;
        Ok(Self { metadata })
    }

    pub fn root(&self) -> &Path {
        self.metadata.workspace_root.as_std_path()
    }

    pub fn members(&self) -> Vec<&Package> {
        self.metadata.workspace_packages()
    }

    pub fn member(&self, name: &str) -> Result<&Package> {
        self.members()
            .into_iter()
            .find(|package| package.name.as_str() == name)
            .ok_or_else(|| Failure::new(format!("the workspace has no crate `{name}`")))
    }
}

/// The folder of a package, relative to the workspace.
pub fn folder(root: &Path, package: &Package) -> PathBuf {
    let folder = package.manifest_path.as_std_path().parent().unwrap_or(root);
    folder.strip_prefix(root).unwrap_or(folder).to_owned()
}
