//! What changed for clients, and whether one of them would notice.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use chrono::Days;

use super::counted;
use crate::check::diff::{Change, diff};
use crate::check::inputs::{Policy, Source, Use};
use crate::check::report::{Affected, Criticality, Finding, Seen, Severity, Step, StepName};
use crate::check::usage;
use crate::places;

/// The subgraphs' documents, for the places of a change.
pub struct Subgraphs<'a> {
    pub base: &'a [Schema],
    pub head: &'a [Schema],
}

/// An operation, and what it used of the schema that there was.
pub struct Used<'a> {
    pub operation: &'a Use,
    pub coordinates: BTreeSet<String>,
}

impl Used<'_> {
    fn is_live(&self) -> bool {
        matches!(self.operation.source, Source::Live { .. })
    }
}

/// The operations that count: all that are recorded, and those that were seen lately.
pub fn counting(operations: &[Use], policy: &Policy) -> Vec<Use> {
    let first = policy.today.checked_sub_days(Days::new(policy.usage_days));
    let counts = |operation: &&Use| match operation.source {
        Source::Recorded(_) | Source::Retired(_) => true,
        Source::Live { last_seen, .. } => first.is_none_or(|first| last_seen >= first),
    };
    operations.iter().filter(counts).cloned().collect()
}

/// What each operation uses.
pub fn used<'a>(base: &Valid<Schema>, operations: &'a [Use]) -> Vec<Used<'a>> {
    let used = |operation: &'a Use| Used {
        operation,
        coordinates: usage::coordinates(base, &operation.document),
    };
    operations.iter().map(used).collect()
}

/// The changes between two API schemas, as findings.
pub struct Changes {
    pub breaking: Vec<Finding>,
    pub others: Vec<Finding>,
}

pub fn judge(
    old: &Schema,
    new: &Schema,
    subgraphs: &Subgraphs,
    used: &[Used],
    policy: &Policy,
) -> Changes {
    let mut changes = Changes {
        breaking: Vec::new(),
        others: Vec::new(),
    };
    for change in diff(old, new) {
        if change.criticality == Criticality::Breaking {
            changes
                .breaking
                .push(breaking(change, subgraphs, used, policy));
        } else {
            changes.others.push(other(change, subgraphs));
        }
    }
    changes.others.sort_by_key(|finding| finding.criticality);
    changes
}

/// The changes that break nothing, with the number of breaking ones. `rules` is the number of breaking changes of
/// authorization rules.
pub fn diff_step(changes: &Changes, rules: usize, base: &str) -> Step {
    let others = &changes.others;
    let dangerous = others
        .iter()
        .filter(|it| it.criticality == Some(Criticality::Dangerous))
        .count();
    let note = format!(
        "compared with {base}: {} breaking, {dangerous} dangerous, {} safe",
        changes.breaking.len() + rules,
        others.len() - dangerous
    );
    Step::new(StepName::Diff, note, others.clone())
}

/// The breaking changes, with the operations that use what they change.
pub fn usage_step(mut breaking: Vec<Finding>, used: &[Used], usage_asked: bool) -> Step {
    let usage = if breaking.is_empty() {
        "nothing breaks".to_owned()
    } else {
        let hit: BTreeSet<_> = breaking
            .iter()
            .flat_map(|finding| &finding.operations)
            .collect();
        let clients: BTreeSet<_> = hit.iter().map(|affected| &affected.client).collect();
        format!(
            "{}, which {} of {} use",
            counted(breaking.len(), "breaking change"),
            counted(hit.len(), "operation"),
            counted(clients.len(), "client")
        )
    };
    let live = used.iter().filter(|it| it.is_live()).count();
    let mut usage = format!(
        "{usage}; {} recorded",
        counted(used.len() - live, "operation")
    );
    if usage_asked || live > 0 {
        let _ = write!(usage, ", {live} seen by routers");
    }
    if usage_asked && live == 0 {
        breaking.push(no_usage());
    }
    Step::new(StepName::Usage, usage, breaking)
}

fn no_usage() -> Finding {
    let message = "routers have seen no operation within the days that count";
    Finding::new(Severity::Warning, "USAGE_EMPTY", message)
        .instead("see whether the URL is the routers' `USAGE_URL`, and whether they run with it")
}

fn other(change: Change, subgraphs: &Subgraphs) -> Finding {
    let dangerous = change.criticality == Criticality::Dangerous;
    let severity = if dangerous {
        Severity::Warning
    } else {
        Severity::Note
    };
    let instead = dangerous.then(|| change.kind.instead().to_owned());
    Finding {
        instead,
        ..finding(change, severity, subgraphs)
    }
}

fn breaking(change: Change, subgraphs: &Subgraphs, used: &[Used], policy: &Policy) -> Finding {
    let users = users(used, |coordinates| {
        change.touches.iter().all(|it| coordinates.contains(it))
    });
    let instead = change.kind.instead();
    let finding = finding(change, Severity::Error, subgraphs).instead(instead);
    weigh(finding, users, used, policy)
}

/// The operations of which what they use is affected.
pub fn users(used: &[Used], is_affected: impl Fn(&BTreeSet<String>) -> bool) -> Vec<Affected> {
    let mut users: Vec<_> = used
        .iter()
        .filter(|used| is_affected(&used.coordinates))
        .map(|used| affected(used.operation))
        .collect();
    users.sort();
    users.dedup();
    users
}

/// A breaking change is as bad as somebody notices it.
pub fn weigh(finding: Finding, users: Vec<Affected>, used: &[Used], policy: &Policy) -> Finding {
    // Where nothing is recorded, that nobody uses it says nothing.
    let harmless = users.is_empty() && !used.is_empty() && !policy.strict;
    let mut finding = Finding {
        severity: Severity::Error,
        operations: users,
        ..finding
    };
    if harmless {
        finding.severity = Severity::Warning;
        finding.message.push_str("; no recorded operation uses it");
    }
    finding
}

fn finding(change: Change, severity: Severity, subgraphs: &Subgraphs) -> Finding {
    let places = places::near_coordinate(subgraphs.head, subgraphs.base, &change.coordinate);
    let finding = Finding::new(severity, change.kind.code(), change.message);
    Finding {
        criticality: Some(change.criticality),
        ..finding.at(change.coordinate).in_places(places)
    }
}

pub fn affected(operation: &Use) -> Affected {
    let (file, seen) = match &operation.source {
        Source::Recorded(file) | Source::Retired(file) => (Some(file.display().to_string()), None),
        Source::Live { last_seen, count } => (
            None,
            Some(Seen {
                last: *last_seen,
                count: *count,
            }),
        ),
    };
    Affected {
        client: operation.client.clone(),
        operation: operation.name.clone(),
        file,
        seen,
    }
}
