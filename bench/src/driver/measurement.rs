//! What a window of load gave.

use std::{collections::BTreeMap, time::Duration};

use crate::failure::{self, Failure};
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Latencies are counted in nanoseconds, to three digits, up to a minute.
const MOST: u64 = 60_000_000_000;

/// Latencies of requests, all in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    pub mean: f64,
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
    pub p99: f64,
    pub p999: f64,
    pub max: f64,
}

/// The load generator, among the processes.
pub const DRIVER: &str = "driver";

/// What a process used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    pub cpu_seconds: f64,
    /// `VmHWM` at the end of the window; of PostgreSQL that of its largest process, shared buffers included.
    pub peak_rss_bytes: u64,
}

impl Cost {
    pub(super) fn add(&mut self, other: Self) {
        self.cpu_seconds += other.cpu_seconds;
        self.peak_rss_bytes = self.peak_rss_bytes.max(other.peak_rss_bytes);
    }
}

/// Requests of one or several windows.
#[derive(Clone)]
pub struct Measurement {
    histogram: Histogram<u64>,
    pub seconds: f64,
    pub errors: u64,
    /// What was wrong, the first time.
    pub first_error: Option<String>,
    /// By process.
    pub costs: BTreeMap<String, Cost>,
}

impl Measurement {
    /// Fails when an answer was wrong, or none came.
    pub fn all_right(self, what: &str) -> failure::Result<Self> {
        if let Some(problem) = &self.first_error {
            return Err(Failure::new(format!(
                "{what}: {} of {} answers were wrong; the first: {problem}",
                self.errors,
                self.errors + self.requests()
            )));
        }
        if self.requests() == 0 {
            return Err(Failure::new(format!(
                "{what}: nothing was answered in the window"
            )));
        }
        Ok(self)
    }

    pub fn new() -> Self {
        Self {
            histogram: histogram(),
            seconds: 0.0,
            errors: 0,
            first_error: None,
            costs: BTreeMap::new(),
        }
    }

    /// Counts an answer.
    pub fn record(&mut self, latency: Duration, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => {
                let nanos = u64::try_from(latency.as_nanos())
                    .unwrap_or(MOST)
                    .clamp(1, MOST);
                self.histogram.saturating_record(nanos);
            }
            Err(problem) => {
                self.errors += 1;
                self.first_error.get_or_insert(problem);
            }
        }
    }

    /// Adds what another connection counted in the same window.
    pub fn join(&mut self, other: Self) {
        self.histogram += other.histogram;
        self.errors += other.errors;
        if self.first_error.is_none() {
            self.first_error = other.first_error;
        }
    }

    /// Adds another window of the same load.
    pub fn add(&mut self, other: Self) {
        self.seconds += other.seconds;
        for (name, cost) in &other.costs {
            self.costs.entry(name.clone()).or_default().add(*cost);
        }
        self.join(other);
    }

    /// Right answers.
    pub fn requests(&self) -> u64 {
        self.histogram.len()
    }

    /// Right answers a second.
    pub fn throughput(&self) -> f64 {
        if self.seconds > 0.0 {
            count(self.requests()) / self.seconds
        } else {
            0.0
        }
    }

    pub fn latency(&self) -> Latency {
        let at = |quantile| milliseconds(self.histogram.value_at_quantile(quantile));
        Latency {
            mean: self.histogram.mean() / 1e6,
            p50: at(0.5),
            p90: at(0.9),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: milliseconds(self.histogram.max()),
        }
    }

    /// CPU seconds a request, of all processes but the load generator.
    pub fn cpu_per_request(&self) -> f64 {
        let served: f64 = self
            .costs
            .iter()
            .filter(|(name, _)| *name != DRIVER)
            .map(|(_, cost)| cost.cpu_seconds)
            .sum();
        served / count(self.requests().max(1))
    }
}

fn histogram() -> Histogram<u64> {
    // Fails only for bounds that are none.
    Histogram::new_with_bounds(1, MOST, 3)
        .unwrap_or_else(|_| unreachable!("1 is less than a minute"))
}

fn milliseconds(nanos: u64) -> f64 {
    count(nanos) / 1e6
}

/// For ratios: exact up to 2^53.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn count(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(millis: impl IntoIterator<Item = u64>) -> Measurement {
        let mut measurement = Measurement::new();
        for latency in millis {
            measurement.record(Duration::from_millis(latency), Ok(()));
        }
        measurement.seconds = 2.0;
        measurement
    }

    fn close(left: f64, right: f64) -> bool {
        (left - right).abs() <= right * 0.002
    }

    #[test]
    fn percentiles_are_those_of_all_windows_together() {
        let mut measurement = measured(1..=50);
        measurement.add(measured(51..=100));
        let latency = measurement.latency();
        assert!(close(latency.p50, 50.0) && close(latency.p99, 99.0) && close(latency.max, 100.0));
        assert!(close(latency.mean, 50.5));
        assert!(close(measurement.throughput(), 25.0));
    }

    #[test]
    fn a_wrong_answer_is_no_request_that_was_answered() {
        let mut measurement = measured([1]);
        measurement.record(Duration::from_millis(1), Err("first".into()));
        measurement.record(Duration::from_millis(1), Err("second".into()));
        assert_eq!((measurement.requests(), measurement.errors), (1, 2));
        assert_eq!(measurement.first_error.as_deref(), Some("first"));
    }

    #[test]
    fn the_load_generator_is_not_part_of_the_cost_of_a_request() {
        let mut measurement = measured([1, 1]);
        let cost = |cpu_seconds| Cost {
            cpu_seconds,
            peak_rss_bytes: 0,
        };
        measurement.costs.insert("posts".into(), cost(1.0));
        measurement.costs.insert(DRIVER.into(), cost(7.0));
        assert!(close(measurement.cpu_per_request(), 0.5));
    }
}
