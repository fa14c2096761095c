use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::account::Account;
use crate::{Error, wait};

const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// Runs the server as its child and stops it at the end of standard input, which comes when we let go of it or die, also
/// by `kill -9`. `wait` in the foreground and the reader in the background, so that the guard ends with the server too.
/// Standard input moves to descriptor 3 because the shell gives background jobs `/dev/null`. A server that ended by itself
/// leaves its folder, for its owner to read the log.
const SCRIPT: &str = r#"
signal=$1 remove=$2
shift 2
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
( while read -r _; do :; done; kill -s "$signal" "$server"; exit 0 ) <&3 2>/dev/null &
reader=$!
exec 3<&-
wait "$server"
status=$?
kill "$reader" 2>/dev/null
if wait "$reader" && [ -n "$remove" ]; then rm -rf -- "$remove"; fi
exit "$status"
"#;

/// What the guard does when it is let go.
pub(crate) enum AtTheEnd<'a> {
    /// To `postgres` that is a fast shutdown: disconnect everybody, write a checkpoint. `initdb` tidies up.
    Interrupt,
    /// Immediate shutdown, then the folder is removed.
    Remove(&'a Path),
}

/// The shell process between us and the postmaster.
#[derive(Debug)]
pub(crate) struct Guard {
    process: Child,
    lifeline: Option<ChildStdin>,
}

impl Guard {
    /// Starts `server` (program and arguments) under a guard; both write to `log`.
    pub(crate) fn spawn(
        account: &Account,
        server: &Command,
        at_the_end: &AtTheEnd<'_>,
        log: &File,
    ) -> Result<Self, Error> {
        let spawn_error = |source| Error::Spawn {
            program: format!("/bin/sh as {}", account.name),
            source,
        };
        let mut command = account.command("/bin/sh");
        command.args(["-c", SCRIPT, "postgres-guard"]);
        match at_the_end {
            AtTheEnd::Interrupt => command.args(["INT", ""]),
            AtTheEnd::Remove(folder) => command.arg("QUIT").arg(folder),
        };
        let mut process = command
            .arg(server.get_program())
            .args(server.get_args())
            // A Ctrl-C reaches the whole group of the terminal: the services still need the database to drain.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(log.try_clone().map_err(spawn_error)?)
            .stderr(log.try_clone().map_err(spawn_error)?)
            .spawn()
            .map_err(spawn_error)?;
        let lifeline = process.stdin.take();
        Ok(Self { process, lifeline })
    }

    /// The server's exit status once it has ended.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().ok().flatten()
    }

    /// Lets go: the guard stops the server.
    pub(crate) fn release(&mut self) {
        self.lifeline = None;
    }

    /// Waits for the guard, and with it the server, to end; false when that takes longer than `timeout`.
    pub(crate) fn wait(&mut self, timeout: Duration) -> bool {
        wait::until(timeout, POLL_INTERVAL, || self.ended()).is_some()
    }
}
