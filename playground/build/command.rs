//! Runs a program of the build: its output goes into a file, because Cargo reads ours.

use std::{
    fs::{self, File},
    io,
    path::Path,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::missing::Missing;

/// Lines of output that are shown of a program that failed.
const SHOWN: usize = 12;
const LOOK: Duration = Duration::from_millis(50);

/// One program to run.
pub struct Step<'a> {
    /// Completes "… failed".
    pub name: &'a str,
    pub log: &'a Path,
    pub folder: &'a Path,
    /// It is ended after this.
    pub patience: Duration,
}

impl Step<'_> {
    pub fn run(&self, command: &mut Command) -> Result<(), Missing> {
        let log = File::create(self.log)?;
        command
            .current_dir(self.folder)
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        let verdict = match self.wait(command) {
            Ok(Some(status)) if status.success() => return Ok(()),
            Ok(Some(status)) => status.to_string(),
            Ok(None) => format!("not done after {} s", self.patience.as_secs()),
            Err(error) => error.to_string(),
        };
        let said = last_lines(self.log)?;
        Err(Missing::new(format!("{} failed: {verdict}", self.name)).with_output(said))
    }

    /// How it ended; `None` if it had to be ended.
    fn wait(&self, command: &mut Command) -> io::Result<Option<ExitStatus>> {
        let mut child = command.spawn()?;
        let begin = Instant::now();
        while begin.elapsed() < self.patience {
            if let Some(status) = child.try_wait()? {
                return Ok(Some(status));
            }
            thread::park_timeout(LOOK);
        }
        child.kill()?;
        child.wait()?;
        Ok(None)
    }
}

fn last_lines(log: &Path) -> io::Result<Vec<String>> {
    let text = String::from_utf8_lossy(&fs::read(log)?).into_owned();
    let lines: Vec<_> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let shown = lines.iter().skip(lines.len().saturating_sub(SHOWN));
    Ok(shown.map(|line| (*line).to_owned()).collect())
}
