use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rand::TryRngCore;
use tempfile::TempDir;

use crate::account::Account;
use crate::lock::FolderLock;
use crate::{Error, home, processes};

/// Name of an ephemeral cluster's folder, by which a later run recognises one whose owner was killed.
const EPHEMERAL_PREFIX: &str = "rookery-cluster-";
/// Less than this and a memory file system (64 MiB in a container) is not for us.
const ENOUGH_KIB: u64 = 512 * 1024;

/// Where one cluster lives: `lock`, `password`, `server.log`, and PostgreSQL's own folder `data`.
#[derive(Debug)]
pub(crate) struct ClusterFolder {
    pub(crate) root: PathBuf,
    _lock: FolderLock,
}

impl ClusterFolder {
    /// Makes or checks a folder that stays, and locks it.
    pub(crate) fn durable(path: &Path, account: &Account) -> Result<Self, Error> {
        let path = std::path::absolute(path).map_err(Error::io(path))?;
        // Others' eyes are kept out by `data` and `password`; the folder itself must let the server's account through.
        home::make_folder(&path)?;
        let root = path.canonicalize().map_err(Error::io(&path))?;
        let lock = FolderLock::acquire(&root)?;
        account.check_can_enter(&root)?;
        let folder = Self { root, _lock: lock };
        folder.check_data(account)?;
        Ok(folder)
    }

    /// A new folder in memory where there is some, else among the temporary files; what killed runs left is removed.
    pub(crate) fn ephemeral(account: &Account) -> Result<Self, Error> {
        let base = ephemeral_base(account);
        // Nobody may take a folder for left behind between its making and its locking.
        let _turn = FolderLock::wait(&home::home()?)?;
        sweep(&base, account);
        let root = TempDir::with_prefix_in(EPHEMERAL_PREFIX, &base)
            .map_err(Error::io(&base))?
            .keep();
        account.take(&root)?;
        let lock = FolderLock::acquire(&root)?;
        Ok(Self { root, _lock: lock })
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.root.join("data")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("server.log")
    }

    pub(crate) fn password_file(&self) -> PathBuf {
        self.root.join("password")
    }

    /// The superuser's password, made at the first start: 256 random bits in hexadecimal.
    pub(crate) fn password(&self, account: &Account) -> Result<String, Error> {
        let path = self.password_file();
        match fs::read_to_string(&path) {
            Ok(password) if !password.trim().is_empty() => return Ok(password.trim().to_owned()),
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(&path)(error));
            }
            _ => {}
        }
        if self.major().is_some() {
            return Err(Error::folder(
                &path,
                "is missing, and nobody can log in to the database beside it; restore it, or choose another folder with --data-dir",
            ));
        }
        let mut bytes = [0_u8; 32];
        rand::rngs::OsRng
            .try_fill_bytes(&mut bytes)
            .map_err(|error| Error::folder(&path, error.to_string()))?;
        let password = bytes.iter().fold(String::new(), |mut password, byte| {
            // Writing into a String cannot fail.
            write!(password, "{byte:02x}").ok();
            password
        });
        fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&path)
            .and_then(|mut file| {
                file.write_all(password.as_bytes())?;
                file.sync_all()
            })
            .map_err(Error::io(&path))?;
        // initdb reads it as the server's account.
        account.take(&path)?;
        Ok(password)
    }

    /// Major version of the cluster that is here already.
    pub(crate) fn major(&self) -> Option<u32> {
        let version = fs::read_to_string(self.data().join("PG_VERSION")).ok()?;
        version.trim().parse().ok()
    }

    fn check_data(&self, account: &Account) -> Result<(), Error> {
        let data = self.data();
        let found = match fs::symlink_metadata(&data) {
            Ok(found) => found,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(Error::io(&data)(error)),
        };
        if found.uid() != account.uid {
            return Err(Error::folder(
                &data,
                format!(
                    "belongs to user id {}, but PostgreSQL runs as {} ({}); chown -R {} it, or choose another folder with --data-dir",
                    found.uid(),
                    account.name,
                    account.uid,
                    account.uid
                ),
            ));
        }
        if found.mode() & 0o7777 != 0o700 {
            return Err(Error::folder(
                &data,
                format!(
                    "has permissions {:o}, PostgreSQL wants 700; chmod 700 it, or choose another folder with --data-dir",
                    found.mode() & 0o7777
                ),
            ));
        }
        Ok(())
    }
}

fn ephemeral_base(account: &Account) -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    let temporary = std::env::temp_dir();
    let base = if free_kib(&memory).is_some_and(|free| free >= ENOUGH_KIB) {
        memory
    } else if account.check_can_enter(&temporary).is_ok() {
        temporary
    } else {
        PathBuf::from("/var/tmp")
    };
    base.canonicalize().unwrap_or(base)
}

fn free_kib(path: &Path) -> Option<u64> {
    let output = std::process::Command::new("df")
        .arg("-Pk")
        .arg(path)
        .output()
        .ok()?;
    let table = String::from_utf8(output.stdout).ok()?;
    table
        .lines()
        .nth(1)?
        .split_whitespace()
        .nth(3)?
        .parse()
        .ok()
}

/// Best effort: what cannot be removed now is in nobody's way.
fn sweep(base: &Path, account: &Account) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let path = entry.path();
        let left_by_us = entry
            .file_name()
            .to_string_lossy()
            .starts_with(EPHEMERAL_PREFIX)
            && fs::symlink_metadata(&path)
                .is_ok_and(|found| found.is_dir() && found.uid() == account.uid);
        if left_by_us && let Ok(Ok(_lock)) = FolderLock::try_acquire(&path) {
            let removed = processes::recover(&path.join("data"), account)
                .and_then(|()| fs::remove_dir_all(&path).map_err(Error::io(&path)));
            if let Err(error) = removed {
                tracing::debug!(%error, "could not remove an abandoned cluster");
            }
        }
    }
}
