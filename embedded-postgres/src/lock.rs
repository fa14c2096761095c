use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::Error;

/// An exclusive lock on a folder, held through its file `lock` until dropped; the kernel lets go of it when we die.
#[derive(Debug)]
pub(crate) struct FolderLock {
    file: File,
}

impl Drop for FolderLock {
    /// Closing is not enough: a child that another thread is starting holds a copy of the descriptor until its `exec`.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::debug!(%error, "could not unlock a folder");
        }
    }
}

impl FolderLock {
    /// At once, or an error that names who holds it.
    pub(crate) fn acquire(folder: &Path) -> Result<Self, Error> {
        Self::try_acquire(folder)?.map_err(|holder| Error::InUse {
            folder: folder.to_owned(),
            holder: if holder.is_empty() {
                "another process".to_owned()
            } else {
                format!("process {holder}")
            },
        })
    }

    /// `Ok(Err(pid of the holder))` when somebody else has it.
    pub(crate) fn try_acquire(folder: &Path) -> Result<Result<Self, String>, Error> {
        let (path, mut file) = open(folder)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).map_err(Error::io(&path))?;
                return Ok(Err(holder.trim().to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(Error::io(&path)(error)),
        }
        file.set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", std::process::id()))
            .map_err(Error::io(&path))?;
        Ok(Ok(Self { file }))
    }

    /// Waits for its turn: for short sections only.
    pub(crate) fn wait(folder: &Path) -> Result<Self, Error> {
        let (path, file) = open(folder)?;
        file.lock().map_err(Error::io(&path))?;
        Ok(Self { file })
    }
}

fn open(folder: &Path) -> Result<(PathBuf, File), Error> {
    let path = folder.join("lock");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&path)
        .map_err(|error| {
            Error::folder(
                folder,
                format!("cannot be written ({error}); choose another folder with --data-dir"),
            )
        })?;
    Ok((path, file))
}
