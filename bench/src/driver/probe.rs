//! When to count, and what the processes cost meanwhile.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use tokio::time::sleep_until;

use super::measurement::{Cost, DRIVER};
use crate::{
    failure::Result,
    proc::{Usage, of_family, of_process},
};

/// How long to warm up, and how long to count after it.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    pub warm_up: Duration,
    pub measured: Duration,
}

/// The processes to look at.
#[derive(Clone, Default)]
pub struct Probe {
    /// Name and id.
    pub processes: Vec<(String, u32)>,
    /// The postmaster; its children, also those that end meanwhile, count with it.
    pub postgres: Option<u32>,
}

impl Probe {
    fn look(&self) -> Result<BTreeMap<String, Usage>> {
        let mut usage = BTreeMap::new();
        usage.insert(DRIVER.to_owned(), of_process(std::process::id())?);
        for (name, id) in &self.processes {
            usage.insert(name.clone(), of_process(*id)?);
        }
        if let Some(postmaster) = self.postgres {
            usage.insert("postgres".to_owned(), of_family(postmaster)?);
        }
        Ok(usage)
    }

    /// Waits for the window, notes what the processes use within it, and gives it the seconds that it had.
    pub(super) async fn watch(
        &self,
        begin: Instant,
        window: Window,
    ) -> Result<(f64, BTreeMap<String, Cost>)> {
        let begin = begin + window.warm_up;
        sleep_until(begin.into()).await;
        let (started, before) = (Instant::now(), self.look()?);
        sleep_until((begin + window.measured).into()).await;
        let (seconds, after) = (started.elapsed().as_secs_f64(), self.look()?);
        let costs = after
            .into_iter()
            .map(|(name, after)| {
                let before = before.get(&name).map_or(0.0, |usage| usage.cpu_seconds);
                let cost = Cost {
                    cpu_seconds: (after.cpu_seconds - before).max(0.0),
                    peak_rss_bytes: after.peak_rss_bytes,
                };
                (name, cost)
            })
            .collect();
        Ok((seconds, costs))
    }
}
