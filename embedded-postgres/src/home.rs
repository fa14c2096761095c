use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::account::Account;
use crate::{Error, account};

/// The folder of this user for what outlasts a run: fetched binaries, default data. Made when missing.
///
/// `/var/tmp` outlives a reboot and, unlike root's home, lets the account through that PostgreSQL runs as. Anybody
/// may make a folder there, so one that is not ours is refused.
pub fn home() -> Result<PathBuf, Error> {
    let (uid, _) = account::own_ids()?;
    let path = PathBuf::from(format!("/var/tmp/rookery-{uid}"));
    make_folder(&path)?;
    let found = fs::symlink_metadata(&path).map_err(Error::io(&path))?;
    if !found.is_dir() || found.uid() != uid {
        return Err(Error::folder(
            &path,
            "exists and is not a folder of this user: remove it, or choose a folder with --data-dir",
        ));
    }
    Ok(path)
}

/// Makes what is missing of `path`, so that the account PostgreSQL runs as can pass through it, whatever our umask is.
/// As root that is somebody else, whom an existing folder may keep out: then nothing is made, and the error names it.
pub fn make_folder(path: &Path) -> Result<(), Error> {
    let account = Account::for_server()?;
    let mut missing = Vec::new();
    for ancestor in path.ancestors() {
        if ancestor.exists() {
            if !ancestor.is_dir() {
                return Err(unusable(
                    path,
                    &format!("{} is no folder", ancestor.display()),
                ));
            }
            account.check_can_enter(ancestor)?;
            break;
        }
        missing.push(ancestor);
    }
    let mode = if account.switch { 0o711 } else { 0o700 };
    for folder in missing.into_iter().rev() {
        let outcome = match DirBuilder::new().create(folder) {
            // Somebody else made it at the same time.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
            Ok(()) => fs::set_permissions(folder, Permissions::from_mode(mode)),
        };
        outcome.map_err(|error| unusable(path, &error.to_string()))?;
    }
    Ok(())
}

fn unusable(path: &Path, why: &str) -> Error {
    Error::folder(
        path,
        format!("cannot be made ({why}); choose another folder with --data-dir"),
    )
}
