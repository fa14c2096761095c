//! The steps of a check, a file each.

pub mod approvals;
pub mod authorization;
pub mod authorization_changes;
pub mod changes;
pub mod contract;
pub mod drift;
pub mod lint;
pub mod operations;
pub mod planning;
pub mod rules;

use crate::check::report::Finding;
use crate::compose::Refusal;

/// What the parser or the composer refuses, as findings.
pub fn refused(refusals: Vec<Refusal>) -> Vec<Finding> {
    let finding =
        |refusal: Refusal| Finding::error(refusal.code, refusal.message).in_places(refusal.places);
    refusals.into_iter().map(finding).collect()
}

/// `1 operation`, `2 operations`.
pub fn counted(count: usize, noun: &str) -> String {
    match count {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    }
}
