//! The Node to build with: the machine's, or where that is too old, as on Debian 12, one from npm.

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use crate::{command::Step, missing::Missing, sources::Sources};

/// The oldest releases that Vite runs on: 20.19, 22.12, and what is newer than those. Major and minor.
const OLDEST: [(u32, u32); 2] = [(20, 19), (22, 12)];

pub struct Node(PathBuf);

impl Node {
    /// The machine's Node if it is new enough, otherwise one that npm installs into `folder`.
    pub fn find(sources: &Sources, folder: &Path) -> Result<Self, Missing> {
        let system = Self("node".into());
        let Some(version) = system.version() else {
            return Err(Missing::new(
                "there was no Node on the machine that built this",
            ));
        };
        if npm().arg("--version").output().is_err() {
            return Err(Missing::new(
                "there was no npm on the machine that built this",
            ));
        }
        if is_new_enough(&version) {
            return Ok(system);
        }
        let from_npm = Self(
            folder
                .join("node_modules")
                .join(format!("node-linux-{}", machine()))
                .join("bin/node"),
        );
        if !from_npm.is_new_enough() {
            sources.copy(folder)?;
            npm_ci(folder, &["--workspace=node", "--include=optional"])?;
        }
        if from_npm.is_new_enough() {
            return Ok(from_npm);
        }
        Err(Missing::new(format!(
            "Node {version} is too old to build it, and npm has no newer one that runs here"
        )))
    }

    pub fn command(&self) -> Command {
        Command::new(&self.0)
    }

    fn is_new_enough(&self) -> bool {
        self.version()
            .is_some_and(|version| is_new_enough(&version))
    }

    /// As it says itself: `v20.19.4`.
    fn version(&self) -> Option<String> {
        let output = self
            .command()
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

/// Installs what the lock file in a folder names, and nothing else; no package may run anything.
pub fn npm_ci(folder: &Path, options: &[&str]) -> Result<(), Missing> {
    let mut command = npm();
    command
        .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .args(["--no-update-notifier", "--logs-max=0", "--loglevel=error"])
        // Without a network it gives up within seconds, not minutes.
        .args(["--fetch-retries=1", "--fetch-retry-mintimeout=1000"])
        .args(options);
    Step {
        name: "fetching its packages (npm ci)",
        log: &folder.with_extension("npm.log"),
        folder,
        patience: Duration::from_mins(5),
    }
    .run(&mut command)
}

fn npm() -> Command {
    Command::new("npm")
}

fn is_new_enough(version: &str) -> bool {
    let mut numbers = version
        .trim_start_matches('v')
        .split('.')
        .map(|number| number.parse::<u32>().unwrap_or_default());
    let (major, minor) = (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    );
    let [_, newest] = OLDEST;
    OLDEST
        .iter()
        .any(|oldest| major == oldest.0 && minor >= oldest.1)
        || major > newest.0
}

/// As npm calls it.
fn machine() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => other,
    }
}
