//! A report for those who read it: people at a terminal, people at a pull request, programs.

mod junit;
mod markdown;
mod people;

use std::fmt::Write as _;

use crate::check::report::{Finding, Report, Severity, Step};
use crate::failure::{Failure, Result};

pub use junit::junit;
pub use markdown::markdown;
pub use people::{people, steps};

/// Of the safe changes of a step, so many are listed.
const NOTES: usize = 20;

pub fn json(report: &Report) -> Result<String> {
    serde_json::to_string_pretty(report)
        .map(|text| text + "\n")
        .map_err(|e| Failure::new(format!("the report cannot be written as JSON: {e}")))
}

/// Findings that say the same of several coordinates, and the coordinates.
struct Group<'a> {
    finding: &'a Finding,
    coordinates: Vec<&'a str>,
}

/// The findings of a step to list; the rest are as many notes.
fn groups(step: &Step) -> (Vec<Group<'_>>, usize) {
    let mut groups: Vec<Group> = Vec::new();
    let (mut notes, mut left_out) = (0, 0);
    for finding in &step.findings {
        if finding.severity == Severity::Note {
            notes += 1;
            if notes > NOTES {
                left_out += 1;
                continue;
            }
        }
        let coordinate = finding.coordinate.as_deref();
        let same = groups
            .iter_mut()
            .find(|group| is_same(group.finding, finding));
        match same {
            Some(group) => group.coordinates.extend(coordinate),
            None => groups.push(Group {
                finding,
                coordinates: coordinate.into_iter().collect(),
            }),
        }
    }
    (groups, left_out)
}

fn is_same(a: &Finding, b: &Finding) -> bool {
    let key = |it: &Finding| (it.severity, it.code.clone(), it.message.clone());
    key(a) == key(b)
        && a.operations.is_empty()
        && b.operations.is_empty()
        && a.approval.is_none()
        && b.approval.is_none()
}

/// `2 errors, 1 warning`.
fn tally(report: &Report) -> String {
    let counted = |severity, noun: &str| match report.count(severity) {
        1 => format!("1 {noun}"),
        count => format!("{count} {noun}s"),
    };
    format!(
        "{}, {}",
        counted(Severity::Error, "error"),
        counted(Severity::Warning, "warning")
    )
}

/// What a finding says, in lines: message, places, operations, approval, what to do instead.
fn lines(group: &Group) -> Vec<String> {
    let finding = group.finding;
    let mut lines: Vec<String> = finding.message.lines().map(ToOwned::to_owned).collect();
    if group.coordinates.len() < 2 {
        lines.extend(finding.places.iter().map(|place| format!("at {place}")));
    }
    let verb = if finding.criticality.is_some() {
        "would break"
    } else {
        "concerns"
    };
    // A finding about an operation has its name already.
    let others = finding
        .operations
        .iter()
        .filter(|it| !group.coordinates.contains(&&*it.label()));
    lines.extend(others.map(|it| format!("{verb} {it}")));
    if let Some(approval) = &finding.approval {
        lines.push(format!(
            "approved by {} until {}: {}",
            approval.by, approval.until, approval.reason
        ));
    }
    if let Some(instead) = &finding.instead {
        lines.push(format!("instead: {instead}"));
    }
    lines
}

/// The same as one text, for a failed step of a test report.
fn text(step: &Step, severities: &[Severity]) -> String {
    let mut text = String::new();
    for group in groups(step)
        .0
        .iter()
        .filter(|it| severities.contains(&it.finding.severity))
    {
        let _ = writeln!(
            text,
            "{} {} {}",
            group.finding.severity,
            group.finding.code,
            group.coordinates.join(", ")
        );
        for line in lines(group) {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}

#[cfg(test)]
mod tests;
