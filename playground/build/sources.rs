//! The sources of the page: npm and Vite write beside what they read, so they work on a copy.

use std::{
    collections::BTreeMap,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    io,
    path::{Path, PathBuf},
};

/// What is left alone: a developer may have installed packages for an editor, and a build has to install its own.
const NOT_OURS: [&str; 2] = ["node_modules", "dist"];

pub struct Sources {
    root: PathBuf,
    /// By their paths in the folder.
    files: BTreeMap<PathBuf, Vec<u8>>,
}

impl Sources {
    /// Reads the named files and folders of a folder.
    pub fn read(root: &Path, names: &[&str]) -> io::Result<Self> {
        let mut sources = Self {
            root: root.to_owned(),
            files: BTreeMap::new(),
        };
        for name in names {
            sources.add(&root.join(name))?;
        }
        Ok(sources)
    }

    fn add(&mut self, path: &Path) -> io::Result<()> {
        if NOT_OURS.iter().any(|name| path.ends_with(name)) {
            return Ok(());
        }
        if path.is_dir() {
            for entry in fs::read_dir(path)? {
                self.add(&entry?.path())?;
            }
        } else if let Ok(name) = path.strip_prefix(&self.root) {
            self.files.insert(name.to_owned(), fs::read(path)?);
        }
        Ok(())
    }

    /// Where the files are.
    pub fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.files.keys().map(|name| self.root.join(name))
    }

    /// Another one for any other files.
    pub fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.files.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    pub fn text(&self, name: &str) -> io::Result<String> {
        let bytes = self.files.get(Path::new(name));
        let bytes = bytes.ok_or_else(|| io::Error::other(format!("there is no {name}")))?;
        Ok(String::from_utf8_lossy(bytes).into_owned())
    }

    /// Makes a folder have these files and no others, but for installed packages.
    pub fn copy(&self, to: &Path) -> io::Result<()> {
        fs::create_dir_all(to)?;
        for entry in fs::read_dir(to)? {
            let path = entry?.path();
            if path.ends_with("node_modules") {
                continue;
            }
            if path.is_dir() {
                fs::remove_dir_all(path)?;
            } else {
                fs::remove_file(path)?;
            }
        }
        for (name, bytes) in &self.files {
            let path = to.join(name);
            if let Some(folder) = path.parent() {
                fs::create_dir_all(folder)?;
            }
            fs::write(path, bytes)?;
        }
        Ok(())
    }
}
