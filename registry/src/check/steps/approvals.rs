//! Reviewed exceptions: a finding that somebody has approved does not fail the check, until the approval ends.

use std::collections::BTreeSet;

use super::{authorization_changes, counted};
use crate::check::inputs::{Approval, Policy};
use crate::check::report::{Affected, Approved, Finding, Severity, Status, Step, StepName};
use crate::places::Place;

pub const FILE: &str = "schema/approvals.yaml";

/// Marks what is approved in the steps before, and reports what is wrong with the approvals themselves.
pub fn step(steps: &mut [Step], approvals: &[Approval], policy: &Policy) -> Step {
    let mut findings = Vec::new();
    let mut holding = 0;
    for approval in approvals {
        let (code, message) = match state(approval, steps, policy) {
            State::Holds => {
                holding += 1;
                let findings = steps.iter_mut().flat_map(|step| &mut step.findings);
                for finding in findings.filter(|it| matches(approval, it)) {
                    approve(finding, approval);
                }
                continue;
            }
            State::Refused(step) => {
                let message = format!("what the step `{step}` finds cannot be approved");
                findings.push(finding(
                    Severity::Error,
                    "APPROVAL_REFUSED",
                    &message,
                    approval,
                ));
                continue;
            }
            State::Expired => (
                "APPROVAL_EXPIRED",
                format!(
                    "the approval of {} ended on {}",
                    approval.by, approval.until
                ),
            ),
            State::Unused => (
                "APPROVAL_UNUSED",
                "nothing that was found is approved by it: remove it".to_owned(),
            ),
        };
        findings.push(finding(Severity::Warning, code, &message, approval));
    }
    follow(steps);
    let note = format!(
        "{} in {FILE}, {holding} in use",
        counted(approvals.len(), "approval")
    );
    Step::new(StepName::Approvals, note, findings)
}

enum State {
    Holds,
    Expired,
    Unused,
    /// It is for a finding of a step that has none.
    Refused(StepName),
}

fn state(approval: &Approval, steps: &[Step], policy: &Policy) -> State {
    let found = |step: &&Step| step.findings.iter().any(|it| matches(approval, it));
    let refusing = steps
        .iter()
        .filter(|step| !step.name.approvable() && !authorization_changes::opens(&approval.code))
        .find(found);
    if let Some(step) = refusing {
        return State::Refused(step.name);
    }
    if approval.until < policy.today {
        return State::Expired;
    }
    // What a skipped step would have found is not known.
    let skipped = steps
        .iter()
        .any(|step| step.name == StepName::Diff && step.status == Status::Skipped);
    if skipped || steps.iter().any(|step| found(&step)) {
        State::Holds
    } else {
        State::Unused
    }
}

fn matches(approval: &Approval, finding: &Finding) -> bool {
    finding.code == approval.code && finding.coordinate.as_ref() == Some(&approval.coordinate)
}

fn approve(finding: &mut Finding, approval: &Approval) {
    finding.severity = finding.severity.max(Severity::Warning);
    finding.approval = Some(Approved {
        by: approval.by.clone(),
        until: approval.until,
        reason: approval.reason.clone(),
    });
}

/// An operation that was right, and is wrong only for what is approved, is approved with it.
fn follow(steps: &mut [Step]) {
    let breaking = || {
        steps
            .iter()
            .flat_map(|step| &step.findings)
            .filter(|it| it.criticality.is_some() && !authorization_changes::is_code(&it.code))
    };
    let hit = |findings: &mut dyn Iterator<Item = &Finding>| -> BTreeSet<String> {
        findings
            .flat_map(|it| &it.operations)
            .map(Affected::label)
            .collect()
    };
    let open =
        hit(&mut breaking().filter(|it| it.approval.is_none() && it.severity == Severity::Error));
    let mut approved = Vec::new();
    for finding in breaking() {
        if let Some(approval) = &finding.approval {
            approved.push((hit(&mut std::iter::once(finding)), approval.clone()));
        }
    }
    for finding in steps.iter_mut().flat_map(|step| &mut step.findings) {
        if !finding.follows || finding.approval.is_some() {
            continue;
        }
        let Some(label) = &finding.coordinate else {
            continue;
        };
        let by = approved
            .iter()
            .find(|(hit, _)| hit.contains(label) && !open.contains(label));
        if let Some((_, approval)) = by {
            finding.approval = Some(approval.clone());
            finding.severity = Severity::Warning;
        }
    }
}

fn finding(severity: Severity, code: &str, message: &str, approval: &Approval) -> Finding {
    let message = format!("{} at `{}`: {message}", approval.code, approval.coordinate);
    Finding::new(severity, code, message)
        .at(approval.coordinate.clone())
        .in_places(vec![Place::file(FILE)])
}
