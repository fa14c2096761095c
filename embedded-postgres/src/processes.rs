use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::account::Account;
use crate::{Error, wait};

/// How long an orphan may take for its last checkpoint before it is stopped without one.
const FAST_STOP_TIMEOUT: Duration = Duration::from_secs(30);
const IMMEDIATE_STOP_TIMEOUT: Duration = Duration::from_secs(10);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Postmaster and back ends all work in the data folder. So may a shell that somebody opened there: the name counts too.
const SCAN: &str = r#"
for process in /proc/[0-9]*; do
    [ "$process/cwd" -ef "$1" ] && read -r name <"$process/comm" && [ "$name" = postgres ] && echo "${process#/proc/}"
done 2>/dev/null
"#;

/// The server processes of the cluster in `data`.
///
/// Looked for as the server's account: root in a container may not read the working folder of another user's process.
pub(crate) fn of_cluster(data: &Path, account: &Account) -> Result<Vec<u32>, Error> {
    let output = account
        .command("/bin/sh")
        .args(["-c", SCAN, "sh"])
        .arg(data)
        .output()
        .map_err(shell_error(account))?;
    Ok(String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| line.parse().ok())
        .collect())
}

/// Stops what still runs in `data` although its owner is gone, and removes the `postmaster.pid` it left.
///
/// The caller holds the folder's lock. PostgreSQL's own check of that file is not enough: it refuses to start when the
/// recorded process id was given to an unrelated process of the same user since.
pub(crate) fn recover(data: &Path, account: &Account) -> Result<(), Error> {
    let stopped = of_cluster(data, account)?.is_empty()
        || stop(data, account, "INT", FAST_STOP_TIMEOUT)?
        || stop(data, account, "QUIT", IMMEDIATE_STOP_TIMEOUT)?;
    if !stopped {
        return Err(Error::Orphan {
            folder: data.to_owned(),
            pids: of_cluster(data, account)?
                .iter()
                .map(u32::to_string)
                .collect::<Vec<_>>()
                .join(" "),
        });
    }
    let pid_file = data.join("postmaster.pid");
    match fs::remove_file(&pid_file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io(&pid_file)(error))
        }
        _ => Ok(()),
    }
}

/// Signals the postmaster (back ends follow it) and waits; true when nothing runs any more.
pub(crate) fn stop(
    data: &Path,
    account: &Account,
    signal: &str,
    timeout: Duration,
) -> Result<bool, Error> {
    let running = of_cluster(data, account)?;
    let postmaster = fs::read_to_string(data.join("postmaster.pid"))
        .ok()
        .and_then(|file| file.lines().next()?.trim().parse().ok())
        .filter(|pid| running.contains(pid));
    match postmaster {
        Some(postmaster) => send(signal, &[postmaster], account)?,
        // The postmaster died alone: its back ends leave by themselves, mostly within a second.
        None if signal == "INT" => {}
        None => send(signal, &running, account)?,
    }
    wait::until(timeout, POLL_INTERVAL, || match of_cluster(data, account) {
        Ok(running) if !running.is_empty() => None,
        looked => Some(looked.map(|_| true)),
    })
    .unwrap_or(Ok(false))
}

fn send(signal: &str, pids: &[u32], account: &Account) -> Result<(), Error> {
    // A process that is gone by now is what we want: the outcome is seen by looking, not by this status.
    account
        .command("/bin/sh")
        .args(["-c", r#"kill -s "$@""#, "sh", signal])
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status()
        .map_err(shell_error(account))?;
    Ok(())
}

fn shell_error(account: &Account) -> impl FnOnce(std::io::Error) -> Error {
    let program = format!("/bin/sh as {}", account.name);
    |source| Error::Spawn { program, source }
}
