//! What a run gives: memory and phases, as a file and as tables.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use serde::{Deserialize, Serialize};

use super::board::{Faults, Outcome};
use crate::{driver::count, failure::Result, machine::Machine};

/// A file of results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    pub machine: Machine,
    pub clients: usize,
    /// Messages a second.
    pub rate: f64,
    pub seconds: f64,
    pub events: String,
    /// Until everybody had the first event.
    pub connected_after_seconds: f64,
    /// By process.
    pub memory: BTreeMap<String, Memory>,
    pub phases: Vec<Phase>,
    pub faults: Faults,
}

/// Resident bytes of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    pub without_clients: u64,
    pub with_clients: u64,
}

/// Messages that were sent while something failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Phase {
    pub killed: String,
    /// Until the killed process was ready again, and until the last client had subscribed again, if any had to.
    pub ready_after_seconds: Option<f64>,
    pub subscribed_after_seconds: Option<f64>,
    pub outcome: Outcome,
    /// Clients that were not subscribed at its end.
    pub clients_missing: usize,
    /// What happened to connections and requests, and how often.
    pub incidents: BTreeMap<String, u64>,
}

impl Results {
    pub fn write(&self, file: &Path) -> Result<()> {
        Ok(fs::write(file, serde_json::to_vec_pretty(self)?)?)
    }

    /// What is wrong, if anything is.
    pub fn problem(&self) -> Option<String> {
        let phases = self.phases.iter().filter(|phase| phase.is_bad());
        let names: Vec<_> = phases.map(|phase| phase.killed.as_str()).collect();
        match (names.as_slice(), self.faults.is_bad()) {
            ([], false) => None,
            ([], true) => Some(format!("events that are not right: {:?}", self.faults)),
            (names, _) => Some(format!(
                "not everything arrived at everybody: {}; {:?}",
                names.join(", "),
                self.faults
            )),
        }
    }
}

impl Phase {
    fn is_bad(&self) -> bool {
        let Outcome {
            sent,
            never_acknowledged,
            lost,
            ..
        } = self.outcome;
        sent == 0 || never_acknowledged > 0 || lost > 0 || self.clients_missing > 0
    }
}

impl Memory {
    /// KiB for each client.
    pub fn of_each(self, clients: usize) -> f64 {
        let more = self.with_clients.saturating_sub(self.without_clients);
        count(more) / 1_024.0 / count(clients.max(1) as u64)
    }
}

impl fmt::Display for Results {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mebibytes = |bytes| count(bytes) / f64::from(1 << 20);
        writeln!(
            f,
            "{} clients connected after {:.1} s, {} build, events by {}\n\n{:14} {:>12} {:>12} {:>16}",
            self.clients,
            self.connected_after_seconds,
            self.machine.profile,
            self.events,
            "memory",
            "before, MiB",
            "with, MiB",
            "KiB a client"
        )?;
        for (name, memory) in &self.memory {
            writeln!(
                f,
                "{name:14} {:12.1} {:12.1} {:16.1}",
                mebibytes(memory.without_clients),
                mebibytes(memory.with_clients),
                memory.of_each(self.clients)
            )?;
        }
        writeln!(f, "\n{}", Phase::HEAD)?;
        for phase in &self.phases {
            writeln!(f, "{phase}")?;
        }
        let Faults {
            out_of_order,
            repeated,
            repeated_after_reconnecting,
            wrong,
            without_sender,
            disagreeing,
            first_wrong,
        } = &self.faults;
        write!(
            f,
            "\nout of order {out_of_order}, repeated {repeated}, repeated after reconnecting {repeated_after_reconnecting}, \
             wrong {wrong}, without sender {without_sender}, pairs that disagree {disagreeing}"
        )?;
        first_wrong
            .as_ref()
            .map_or(Ok(()), |wrong| write!(f, "\nfirst: {wrong}"))
    }
}

impl Phase {
    const HEAD: &str = "killed         sent acknowledged received   lost | from sending, ms: p50, p99, max | from its acknowledgement | ready s  all back s";
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Outcome {
            sent,
            never_acknowledged,
            received,
            lost,
            from_sending_ms: first,
            from_acknowledgement_ms: second,
        } = &self.outcome;
        let seconds = |value: Option<f64>| value.map_or("–".to_owned(), |s| format!("{s:.1}"));
        write!(
            f,
            "{:12} {sent:6} {:12} {received:8} {lost:6} | {:12.1} {:9.1} {:9.1} | {:7.1} {:7.1} {:7.1}  | {:>7} {:>11}",
            self.killed,
            sent - never_acknowledged,
            first.p50,
            first.p99,
            first.max,
            second.p50,
            second.p99,
            second.max,
            seconds(self.ready_after_seconds),
            seconds(self.subscribed_after_seconds),
        )?;
        for (what, times) in &self.incidents {
            write!(f, "\n             {times:6} × {what}")?;
        }
        Ok(())
    }
}
