use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::{Error, environment};

/// `nobody` on every Linux distribution, should `/etc/passwd` not name it.
const NOBODY: u32 = 65534;

/// What programs need to be found and to load. `PGDATA`, `PGPORT` and the like are not for our cluster.
const KEPT: [&str; 2] = ["PATH", "LD_LIBRARY_PATH"];

/// The user that `initdb` and `postgres` run as: ourselves, or somebody else when we are root, whom both refuse.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    gid: u32,
    pub(crate) name: String,
    /// We are root and must become this user first.
    pub(crate) switch: bool,
}

impl Account {
    pub(crate) fn for_server() -> Result<Self, Error> {
        let me = own_ids()?;
        if me.0 != 0 {
            return Ok(Self {
                uid: me.0,
                gid: me.1,
                name: "you".to_owned(),
                switch: false,
            });
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let (name, (uid, gid)) = ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| Some((name, ids_in(&passwd, name)?)))
            .unwrap_or(("nobody", (NOBODY, NOBODY)));
        Ok(Self {
            uid,
            gid,
            name: format!("user {name}"),
            switch: true,
        })
    }

    /// A command run as this account, from `/`, with nothing of our environment that could steer PostgreSQL.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .current_dir("/")
            .env_clear()
            .env("LC_ALL", "C")
            .envs(
                KEPT.iter()
                    .filter_map(|name| Some((name, environment::variable(name)?))),
            );
        if self.switch {
            // Setting a uid as root also drops the supplementary groups (std::os::unix::process::CommandExt::uid).
            command.uid(self.uid).gid(self.gid);
        }
        command
    }

    /// Hands a file or folder that we made to this account.
    pub(crate) fn take(&self, path: &Path) -> Result<(), Error> {
        if self.switch {
            std::os::unix::fs::chown(path, Some(self.uid), Some(self.gid))
                .map_err(Error::io(path))?;
        }
        Ok(())
    }

    /// Whether every folder down to `path` lets this account through; asks the kernel, so access lists count too.
    pub(crate) fn check_can_enter(&self, path: &Path) -> Result<(), Error> {
        let mut ancestors: Vec<&Path> = path.ancestors().collect();
        ancestors.reverse();
        let output = self
            .command("/bin/sh")
            .args([
                "-c",
                r#"for p do test -x "$p" || { printf %s "$p"; exit; }; done"#,
                "sh",
            ])
            .args(ancestors)
            .output()
            .map_err(|source| Error::Spawn {
                program: format!("/bin/sh as {}", self.name),
                source,
            })?;
        let closed = String::from_utf8_lossy(&output.stdout);
        if closed.is_empty() {
            return Ok(());
        }
        Err(Error::folder(
            path,
            format!(
                "PostgreSQL runs as {}, who cannot pass through {closed}; choose another folder with --data-dir, or chmod o+x {closed}",
                self.name
            ),
        ))
    }
}

/// Effective user and group id of this process: std has no `geteuid`, and this crate has no `unsafe`.
pub(crate) fn own_ids() -> Result<(u32, u32), Error> {
    let path = Path::new("/proc/self");
    let own = fs::metadata(path).map_err(Error::io(path))?;
    Ok((own.uid(), own.gid()))
}

fn ids_in(passwd: &str, name: &str) -> Option<(u32, u32)> {
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        let found = fields.next()? == name;
        let uid = fields.nth(1)?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        found.then_some((uid, gid))
    })
}

#[cfg(test)]
mod tests {
    use super::ids_in;

    #[test]
    fn ids_are_read_from_passwd_by_exact_name() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\npostgresql:x:7:8::/:\npostgres:x:101:104:Admin:/var/lib:/bin/sh\n";
        assert_eq!(ids_in(passwd, "postgres"), Some((101, 104)));
        assert_eq!(ids_in(passwd, "nobody"), None);
    }
}
