//! What was measured on.

use std::{fs, process::Command};

use common::clock::{Clock, SystemClock};
use serde::{Deserialize, Serialize};

/// Without it, no number says anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    pub cpu: String,
    pub cores: usize,
    pub memory_gib: u64,
    pub kernel: String,
    pub postgresql: String,
    pub rustc: String,
    /// Of the programs that were measured: with debug assertions its numbers mean nothing.
    pub profile: String,
    /// With a `+` where the source had changes that were not committed.
    pub commit: String,
    /// RFC 3339.
    pub measured_at: String,
}

impl Machine {
    /// This machine.
    pub fn this(postgresql: String) -> Self {
        let read = |path| fs::read_to_string(path).unwrap_or_default();
        let value = |text: &str, name: &str| {
            let line = text.lines().find(|line| line.starts_with(name));
            line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned()))
                .unwrap_or_else(|| "unknown".to_owned())
        };
        let kibibytes: u64 = value(&read("/proc/meminfo"), "MemTotal")
            .trim_end_matches(" kB")
            .parse()
            .unwrap_or_default();
        Self {
            cpu: value(&read("/proc/cpuinfo"), "model name"),
            cores: std::thread::available_parallelism().map_or(0, usize::from),
            memory_gib: kibibytes.div_ceil(1 << 20),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            postgresql,
            rustc: output("rustc", &["--version"]),
            profile: if cfg!(debug_assertions) {
                "debug"
            } else {
                "release"
            }
            .to_owned(),
            commit: commit(),
            measured_at: SystemClock.now().to_string(),
        }
    }
}

/// Of the source that this program was built from.
fn commit() -> String {
    let git = |arguments: &[&str]| {
        let source = ["-C", env!("CARGO_MANIFEST_DIR")];
        output("git", &[source.as_slice(), arguments].concat())
    };
    let changed = !git(&["status", "--porcelain", "--untracked-files=no"]).is_empty();
    format!(
        "{}{}",
        git(&["rev-parse", "--short=12", "HEAD"]),
        if changed { "+" } else { "" }
    )
}

fn output(program: &str, arguments: &[&str]) -> String {
    Command::new(program)
        .args(arguments)
        .output()
        .ok()
        .filter(|output| output.status.success())
        .map_or_else(
            || "unknown".to_owned(),
            |output| String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        )
}
