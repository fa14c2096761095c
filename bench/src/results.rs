//! What a run gives: rows of measurements, and the ratios that are targets.

use std::{
    collections::BTreeMap,
    fmt::{self, Write},
    fs,
    path::Path,
};

use serde::{Deserialize, Serialize};

use crate::{
    dataset::{Kind, Manifest},
    driver::{Cost, Latency, Measurement},
    failure::Result,
    machine::Machine,
};

/// A file of results.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Results {
    pub machine: Machine,
    pub dataset: Manifest,
    /// Seconds of a measured window; where targets alternate, of all windows of one together.
    pub window_seconds: f64,
    pub rows: Vec<Row>,
    pub ratios: Vec<Ratio>,
}

/// One load on one target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    pub scenario: String,
    pub target: String,
    /// Posts of the data set.
    pub posts: u64,
    pub kind: Option<Kind>,
    pub followees: Option<u32>,
    pub page: u32,
    pub connections: usize,
    /// Requests a second that were to be sent; none in a closed loop.
    pub rate: Option<f64>,
    pub seconds: f64,
    pub requests: u64,
    pub errors: u64,
    pub throughput: f64,
    pub latency_ms: Latency,
    /// CPU time of all processes but the load generator.
    pub cpu_ms_per_request: Option<f64>,
    pub costs: BTreeMap<String, Cost>,
}

/// Which way a target is to be met.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    AtMost(f64),
    AtLeast(f64),
    /// For information.
    None,
}

/// Something that is to be reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    pub scenario: String,
    pub name: String,
    pub bound: Bound,
    pub measured: f64,
}

impl Ratio {
    pub fn met(&self) -> Option<bool> {
        match self.bound {
            Bound::AtMost(bound) => Some(self.measured <= bound),
            Bound::AtLeast(bound) => Some(self.measured >= bound),
            Bound::None => None,
        }
    }

    /// `yes`, `no`, or nothing.
    pub fn verdict(&self) -> &'static str {
        match self.met() {
            Some(true) => "yes",
            Some(false) => "no",
            None => "",
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(bound) => write!(f, "≤ {bound}"),
            Self::AtLeast(bound) => write!(f, "≥ {bound}"),
            Self::None => f.write_str("–"),
        }
    }
}

impl Row {
    /// Fills in what was measured.
    #[must_use]
    pub fn measured(mut self, measurement: Measurement) -> Self {
        self.seconds = measurement.seconds;
        self.requests = measurement.requests();
        self.errors = measurement.errors;
        self.throughput = measurement.throughput();
        self.latency_ms = measurement.latency();
        // Where two loads ran beside each other, nobody knows which cost what.
        self.cpu_ms_per_request =
            (!measurement.costs.is_empty()).then(|| measurement.cpu_per_request() * 1e3);
        self.costs = measurement.costs;
        self
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let load = match self.rate {
            Some(rate) => format!("{rate:.0}/s"),
            None => format!("{} conn", self.connections),
        };
        let whom = match (self.kind, self.followees) {
            (Some(kind), Some(followees)) => format!("{} {followees}", kind.name()),
            _ => String::new(),
        };
        let Latency {
            mean,
            p50,
            p95,
            p99,
            ..
        } = self.latency_ms;
        write!(
            f,
            "{:10} {:22} {whom:12} page {:2} {load:8} {:9.1}/s  mean {mean:8.2}  p50 {p50:8.2}  p95 {p95:8.2}  p99 {p99:8.2} ms",
            self.scenario, self.target, self.page, self.throughput
        )?;
        match self.cpu_ms_per_request {
            Some(cpu) => write!(f, "  cpu {cpu:7.2} ms"),
            None => Ok(()),
        }
    }
}

impl Results {
    /// The table of targets, for the terminal.
    pub fn table(&self) -> String {
        let mut table = format!("{:76} {:>8} {:>10}  met?\n", "what", "target", "measured");
        for ratio in &self.ratios {
            let name = format!("{}: {}", ratio.scenario, ratio.name);
            let bound = ratio.bound.to_string();
            let (measured, verdict) = (ratio.measured, ratio.verdict());
            // Writing to a string cannot fail.
            writeln!(table, "{name:76} {bound:>8} {measured:>10.2}  {verdict}").unwrap_or_default();
        }
        table
    }

    pub fn write(&self, file: &Path) -> Result<()> {
        Ok(fs::write(file, serde_json::to_vec_pretty(self)?)?)
    }

    pub fn read(file: &Path) -> Result<Self> {
        Ok(serde_json::from_slice(&fs::read(file)?)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_met_on_its_own_side_of_the_bound() {
        let met = |bound, measured| {
            Ratio {
                scenario: String::new(),
                name: String::new(),
                bound,
                measured,
            }
            .met()
        };
        assert_eq!(met(Bound::AtMost(3.0), 3.0), Some(true));
        assert_eq!(met(Bound::AtMost(3.0), 3.1), Some(false));
        assert_eq!(met(Bound::AtLeast(0.5), 0.4), Some(false));
        assert_eq!(met(Bound::AtMost(3.0), f64::NAN), Some(false));
        assert_eq!(met(Bound::None, 1.0), None);
    }
}
