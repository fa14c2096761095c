//! For a terminal.

use std::fmt::Write as _;

use super::{groups, lines, tally};
use crate::check::report::{Report, Severity, Verdict};

pub fn people(report: &Report) -> String {
    let steps = steps(report);
    let verdict = match report.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
    };
    format!(
        "Schema check: compared with {}\n\n{steps}\nschema check {verdict}: {}\n",
        report.base,
        tally(report)
    )
}

/// What each step found, without a verdict.
pub fn steps(report: &Report) -> String {
    let mut text = String::new();
    for (index, step) in report.steps.iter().enumerate() {
        let _ = writeln!(
            text,
            "{:>3}  {:<13} {:<7}  {}",
            index + 1,
            step.name,
            step.status,
            step.note
        );
        let (groups, left_out) = groups(step);
        for group in &groups {
            let finding = group.finding;
            let coordinates = group.coordinates.join(", ");
            // A safe change is one line.
            if finding.severity == Severity::Note {
                let _ = writeln!(
                    text,
                    "       {:<7} {}  {}",
                    finding.severity, finding.code, finding.message
                );
                continue;
            }
            let head = format!(
                "       {:<7} {}  {coordinates}",
                finding.severity, finding.code
            );
            let _ = writeln!(text, "{}", head.trim_end());
            for line in lines(group) {
                let _ = writeln!(text, "                 {line}");
            }
        }
        if left_out > 0 {
            let _ = writeln!(text, "       and {left_out} more notes, which --json has");
        }
    }
    text
}
