//! Makes cargo compile sources that have not changed, and leaves their times as they were.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use registry::failure::{Failure, Result};

/// Sources that look new to cargo. Dropped or restored, they are as old as before, so that no other build is repeated.
/// One that somebody edits meanwhile stays new.
pub struct Touched {
    files: Vec<TouchedFile>,
}

struct TouchedFile {
    path: PathBuf,
    before: SystemTime,
    /// As the file system keeps it.
    set: SystemTime,
}

impl Touched {
    #[expect(
        clippy::disallowed_methods,
        reason = "the file system's own time: cargo compares it with its last build"
    )]
    pub fn now(files: impl Iterator<Item = PathBuf>) -> Result<Self> {
        let mut touched = Self { files: Vec::new() };
        for path in files {
            let before = modified(&path)?;
            set(&path, SystemTime::now())?;
            let set = modified(&path)?;
            touched.files.push(TouchedFile { path, before, set });
        }
        Ok(touched)
    }

    pub fn restore(mut self) -> Result<()> {
        std::mem::take(&mut self.files)
            .iter()
            .try_for_each(TouchedFile::restore)
    }
}

impl Drop for Touched {
    fn drop(&mut self) {
        for file in &self.files {
            if let Err(failure) = file.restore() {
                eprintln!("{failure}");
            }
        }
    }
}

impl TouchedFile {
    fn restore(&self) -> Result<()> {
        if modified(&self.path)? == self.set {
            set(&self.path, self.before)?;
        }
        Ok(())
    }
}

fn modified(path: &Path) -> Result<SystemTime> {
    path.metadata()
        .and_then(|file| file.modified())
        .map_err(|e| Failure::file("read", path, &e))
}

fn set(path: &Path, time: SystemTime) -> Result<()> {
    File::options()
        .append(true)
        .open(path)
        .and_then(|file| file.set_modified(time))
        .map_err(|e| Failure::file("touch", path, &e))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_file_looks_new_and_is_as_old_as_before_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lib.rs");
        std::fs::write(&path, "").unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        set(&path, old).unwrap();
        let time = || modified(&path).unwrap();
        let touched = Touched::now([path.clone()].into_iter()).unwrap();
        assert!(time() > old);
        touched.restore().unwrap();
        assert_eq!(time(), old);
        drop(Touched::now([path.clone()].into_iter()).unwrap());
        assert_eq!(time(), old);
    }

    #[test]
    fn a_file_that_was_edited_meanwhile_stays_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lib.rs");
        std::fs::write(&path, "").unwrap();
        let touched = Touched::now([path.clone()].into_iter()).unwrap();
        let edited = SystemTime::UNIX_EPOCH + Duration::from_secs(1_100_000_000);
        set(&path, edited).unwrap();
        touched.restore().unwrap();
        assert_eq!(modified(&path).unwrap(), edited);
    }
}
