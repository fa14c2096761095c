//! For a comment at a pull request.

use std::fmt::Write as _;

use super::{groups, lines, tally};
use crate::check::report::{Report, Severity, Status, Verdict};

pub fn markdown(report: &Report) -> String {
    let verdict = match report.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
    };
    let mut text = format!(
        "## Schema check {verdict}\n\n{}, compared with {}.\n\n",
        tally(report),
        escaped(&report.base)
    );
    text.push_str("| | step | | |\n| --- | --- | --- | --- |\n");
    for (index, step) in report.steps.iter().enumerate() {
        let status = match step.status {
            Status::Failed => "**failed**".to_owned(),
            other => other.to_string(),
        };
        let _ = writeln!(
            text,
            "| {} | {} | {status} | {} |",
            index + 1,
            step.name,
            escaped(&step.note)
        );
    }
    for (title, severity) in [
        ("Errors", Severity::Error),
        ("Warnings", Severity::Warning),
        ("Safe changes", Severity::Note),
    ] {
        let mut section = String::new();
        for step in &report.steps {
            let (groups, left_out) = groups(step);
            for group in groups
                .iter()
                .filter(|group| group.finding.severity == severity)
            {
                let coordinates: Vec<_> = group
                    .coordinates
                    .iter()
                    .map(|it| format!("`{it}`"))
                    .collect();
                let _ = writeln!(
                    section,
                    "- **{}** {}",
                    group.finding.code,
                    coordinates.join(", ")
                );
                for line in lines(group) {
                    let _ = writeln!(section, "  - {}", escaped(&line));
                }
            }
            if severity == Severity::Note && left_out > 0 {
                let _ = writeln!(section, "- and {left_out} more");
            }
        }
        if section.is_empty() {
            continue;
        }
        if severity == Severity::Error {
            let _ = write!(text, "\n### {title}\n\n{section}");
        } else {
            let _ = write!(
                text,
                "\n<details><summary>{title}</summary>\n\n{section}\n</details>\n"
            );
        }
    }
    text
}

/// Text of a schema or an error is text here too: no tags, no table cells, no mentions of people.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('|', "\\|")
        .replace('@', "@\u{200b}")
}
