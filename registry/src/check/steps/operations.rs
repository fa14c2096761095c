//! Whether every recorded operation is still right, and whether it asks for what is deprecated.

use std::collections::BTreeMap;

use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};

use super::changes::affected;
use super::counted;
use crate::check::deprecation;
use crate::check::inputs::{Source, Unread, Use};
use crate::check::report::{Affected, Finding, Severity, Step, StepName};
use crate::check::usage;
use crate::places::Place;

/// The step, and the operations that are right.
pub fn step<'a>(
    base: &Valid<Schema>,
    head: &Valid<Schema>,
    operations: &'a [Use],
) -> (Step, Vec<&'a Use>) {
    let mut findings = Vec::new();
    let mut valid = Vec::new();
    let mut deprecated: BTreeMap<String, (String, Vec<Affected>)> = BTreeMap::new();
    let mut looked_at = 0;
    for operation in operations {
        let recorded = match operation.source {
            Source::Recorded(_) => true,
            // Its client does not have it any more.
            Source::Retired(_) => continue,
            // What never was right, and is sent all the same, is not ours to keep right.
            Source::Live { .. } if !errors(base, operation).is_empty() => continue,
            Source::Live { .. } => false,
        };
        looked_at += 1;
        let wrong = errors(head, operation);
        if !wrong.is_empty() {
            let follows = errors(base, operation).is_empty();
            findings.extend(wrong.into_iter().map(|it| Finding { follows, ..it }));
            continue;
        }
        if recorded {
            valid.push(operation);
        }
        for coordinate in usage::coordinates(head, &operation.document) {
            if let Some(reason) = deprecation::reason_at(head, &coordinate) {
                let (_, users) = deprecated
                    .entry(coordinate)
                    .or_insert((reason.to_owned(), Vec::new()));
                users.push(affected(operation));
            }
        }
    }
    for (coordinate, (reason, users)) in deprecated {
        let message = format!("`{coordinate}` is deprecated and still asked for: {reason}");
        let finding = Finding::new(Severity::Warning, "DEPRECATED_USE", message).at(coordinate);
        findings.push(Finding {
            operations: users,
            ..finding
        });
    }
    let note = if looked_at == 0 {
        "no operation is recorded".to_owned()
    } else {
        format!(
            "{}, against the API schema",
            counted(looked_at, "operation")
        )
    };
    (Step::new(StepName::Operations, note, findings), valid)
}

/// What of the operations cannot be read. What is wrong at the base only may be what the change repairs.
pub fn unread(unread: &[Unread]) -> Vec<Finding> {
    let finding = |it: &Unread| {
        let finding = if it.at_base {
            let message = format!("left out, since it cannot be read: {}", it.wrong);
            Finding::new(Severity::Note, "OPERATION_UNREADABLE", message)
        } else {
            Finding::error("OPERATION_INVALID", &it.wrong)
        };
        finding.in_places(vec![Place::file(&it.file)])
    };
    unread.iter().map(finding).collect()
}

/// What is wrong with an operation: one finding an error of GraphQL's validation.
pub fn errors(schema: &Valid<Schema>, operation: &Use) -> Vec<Finding> {
    let file = match &operation.source {
        Source::Recorded(file) | Source::Retired(file) => file.display().to_string(),
        Source::Live { .. } => operation.label(),
    };
    let Err(errors) = ExecutableDocument::parse_and_validate(schema, &operation.document, &file)
    else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for diagnostic in errors.errors.iter() {
        let place = match &operation.source {
            Source::Recorded(path) | Source::Retired(path)
                if path.extension().is_some_and(|it| it == "graphql") =>
            {
                Place::of_diagnostic(&file, &diagnostic)
            }
            _ => Place::file(&file),
        };
        let finding = Finding::error("OPERATION_INVALID", diagnostic.error.to_string())
            .at(operation.label())
            .in_places(vec![place])
            .instead("keep what the operation asks for until its client is changed, or change the operation");
        findings.push(Finding {
            operations: vec![affected(operation)],
            ..finding
        });
    }
    findings
}
