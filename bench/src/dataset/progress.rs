//! How far a load is, for whoever waits: one line, on a terminal only.
//!
//! Written here because `indicatif` switches on a feature of `console` that the router engine is built without: the engine
//! would be compiled twice.

use std::{
    io::{IsTerminal, Write, stderr},
    time::{Duration, Instant},
};

/// Between two looks of a person.
const STEP: Duration = Duration::from_millis(200);
/// Rows between two looks at the clock.
const STRIDE: u64 = 1_024;

/// Counts the rows of a table.
pub struct Progress {
    table: &'static str,
    rows: u64,
    expected: u64,
    begin: Instant,
    shown: Instant,
    is_seen: bool,
}

impl Progress {
    /// Of about so many rows.
    pub fn new(table: &'static str, expected: u64) -> Self {
        let now = Instant::now();
        Self {
            table,
            rows: 0,
            expected: expected.max(1),
            begin: now,
            shown: now,
            is_seen: stderr().is_terminal(),
        }
    }

    /// One row more.
    pub fn row(&mut self) {
        self.rows += 1;
        if self.is_seen && self.rows.is_multiple_of(STRIDE) && self.shown.elapsed() >= STEP {
            self.shown = Instant::now();
            self.show();
        }
    }

    fn show(&self) {
        let done = (self.rows * 100 / self.expected).min(100);
        let bar = usize::try_from(done * 30 / 100).unwrap_or_default();
        let seconds = self.begin.elapsed().as_secs();
        let left = seconds * (100 - done) / done.max(1);
        let line = format!(
            "\r{:14} [{:30}] {done:3} %  {} rows  {seconds} s, {left} s to go   ",
            self.table,
            "=".repeat(bar),
            self.rows
        );
        // A terminal that went away needs no progress.
        stderr().write_all(line.as_bytes()).unwrap_or_default();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_seen {
            stderr().write_all(b"\r\x1b[K").unwrap_or_default();
        }
    }
}
