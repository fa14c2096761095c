//! CPU time and memory of processes, from `/proc` (proc(5)).

use std::{fs, time::Duration};

use crate::failure::{Failure, Result};

/// Milliseconds of a tick. `USER_HZ` is 100 on every Linux that we know of, whatever the kernel's own clock is.
const TICK_MILLIS: u64 = 10;

/// What a process, or a family of them, has used since it began.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    pub cpu_seconds: f64,
    pub peak_rss_bytes: u64,
}

/// Fields of `/proc/<pid>/stat`.
struct Stat {
    parent: u32,
    own_ticks: u64,
    /// Of children that ended and were waited for.
    ended_ticks: u64,
}

/// One process, with all its threads.
pub fn of_process(id: u32) -> Result<Usage> {
    let stat = stat(id).ok_or_else(|| Failure::new(format!("process {id} ended")))?;
    Ok(Usage {
        cpu_seconds: seconds(stat.own_ticks),
        peak_rss_bytes: peak(id),
    })
}

/// A process and its children, those that ended included.
pub fn of_family(parent: u32) -> Result<Usage> {
    let own = stat(parent).ok_or_else(|| Failure::new(format!("process {parent} ended")))?;
    let mut ticks = own.own_ticks + own.ended_ticks;
    let mut largest = peak(parent);
    for entry in fs::read_dir("/proc")?.flatten() {
        let id = entry
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok());
        // One that ends at this moment is counted with its parent the next time.
        if let Some(id) = id
            && let Some(child) = stat(id)
            && child.parent == parent
        {
            ticks += child.own_ticks;
            largest = largest.max(peak(id));
        }
    }
    Ok(Usage {
        cpu_seconds: seconds(ticks),
        peak_rss_bytes: largest,
    })
}

fn stat(id: u32) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

fn parse(line: &str) -> Option<Stat> {
    // The name, in parentheses, may hold anything; what follows are numbers, from the third field on.
    let fields: Vec<&str> = line.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    Some(Stat {
        parent: u32::try_from(number(4)?).ok()?,
        own_ticks: number(14)? + number(15)?,
        ended_ticks: number(16)? + number(17)?,
    })
}

/// `VmHWM`, the most that was resident; 0 when the process is gone.
fn peak(id: u32) -> u64 {
    memory(id, "VmHWM:")
}

/// `VmRSS`, what is resident now; 0 when the process is gone.
pub fn resident(id: u32) -> u64 {
    memory(id, "VmRSS:")
}

fn memory(id: u32, name: &str) -> u64 {
    fs::read_to_string(format!("/proc/{id}/status"))
        .ok()
        .and_then(|status| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()
        })
        .map_or(0, |kibibytes| kibibytes * 1024)
}

/// How many files this process may have open.
pub fn open_files() -> Result<usize> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits
        .lines()
        .find_map(|line| line.strip_prefix("Max open files"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .ok_or_else(|| Failure::new("/proc/self/limits says nothing of open files"))
}

fn seconds(ticks: u64) -> f64 {
    Duration::from_millis(ticks * TICK_MILLIS).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_stat_is_read_whatever_the_process_is_called() {
        let line = "42 (a) b) S 7 1 1 0 -1 4194560 0 0 0 0 150 50 30 20 20 0 1 0 100 0 0";
        let stat = parse(line).unwrap();
        assert_eq!(
            (stat.parent, stat.own_ticks, stat.ended_ticks),
            (7, 200, 50)
        );
    }

    #[test]
    fn this_process_has_used_memory_and_may_open_files() {
        let peak = of_process(std::process::id()).unwrap().peak_rss_bytes;
        assert!(peak > 1_000_000);
        assert!((1..=peak).contains(&resident(std::process::id())));
        assert!(open_files().unwrap() > 2);
    }
}
