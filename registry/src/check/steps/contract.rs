//! What is promised to clients: `schema/contract.graphql`, and the schema without what is tagged `internal`.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use super::changes::{Subgraphs, judge, used};
use super::{counted, operations, refused};
use crate::check::inputs::{Inputs, Source, Use};
use crate::check::report::{Finding, Severity, Step, StepName};
use crate::check::schemas::valid;
use crate::compose::{Subgraph, compose_without};
use crate::failure::Result;
use crate::places::Place;
use crate::{contract, rest_contract};

/// The tag of what only our own clients may see.
const INTERNAL: &str = "internal";

/// `earlier` are the steps before: what they say already is not said again.
pub fn step(
    inputs: &Inputs,
    sent: &[Use],
    api: &str,
    subgraphs: &Subgraphs,
    earlier: &[Step],
) -> Result<Step> {
    let mut notes = Vec::new();
    let mut findings = Vec::new();
    if let Some(promised) = &inputs.promised {
        findings.extend(broken_promises(promised, api)?);
        notes.push(contract::CONTRACT.to_owned());
    }
    if let Some(rest) = &inputs.rest {
        let broken = rest_contract::check(&rest.promised, &rest.document);
        findings.extend(broken.into_iter().map(broken_promise));
        notes.push(rest_contract::CONTRACT.to_owned());
    }
    let tagged = |subgraphs: &[Subgraph]| {
        subgraphs
            .iter()
            .any(|it| it.sdl.contains(&format!("\"{INTERNAL}\"")))
    };
    if tagged(&inputs.head.subgraphs) || tagged(&inputs.base.subgraphs) {
        notes.push(public(inputs, sent, subgraphs, earlier, &mut findings));
    } else {
        notes.push(format!("nothing is tagged `{INTERNAL}`"));
    }
    Ok(Step::new(StepName::Contract, notes.join("; "), findings))
}

fn broken_promises(promised: &str, api: &str) -> Result<Vec<Finding>> {
    Ok(contract::check(promised, api)?
        .into_iter()
        .map(broken_promise)
        .collect())
}

fn broken_promise(broken: crate::finding::Finding) -> Finding {
    let place = Place {
        file: broken.file.display().to_string(),
        line: broken.line,
        column: usize::from(broken.line > 0),
    };
    Finding::error("PROMISE_BROKEN", broken.wrong)
        .in_places(vec![place])
        .instead(broken.right)
}

/// Changes and operations once more, on the schema that others see. Returns what was looked at.
fn public(
    inputs: &Inputs,
    sent: &[Use],
    subgraphs: &Subgraphs,
    earlier: &[Step],
    findings: &mut Vec<Finding>,
) -> String {
    let head = match compose_without(INTERNAL, &inputs.head.subgraphs) {
        Ok(composed) => valid(&composed.api),
        Err(refusals) => Err(refused(refusals)),
    };
    let head = match head {
        Ok(head) => head,
        Err(refused) => {
            findings.extend(
                refused
                    .into_iter()
                    .filter_map(|it| of_contract(it, earlier)),
            );
            return format!("without what is tagged `{INTERNAL}` there is no schema");
        }
    };
    let Ok(base) = compose_without(INTERNAL, &inputs.base.subgraphs)
        .map_err(refused)
        .and_then(|it| valid(&it.api))
    else {
        return format!("the base has no schema without what is tagged `{INTERNAL}`");
    };
    // Only who got along with it before is its client.
    let right = |operation: &&Use| operations::errors(&base, operation).is_empty();
    let clients: Vec<_> = sent.iter().filter(right).cloned().collect();
    let used = used(&base, &clients);
    let judged = judge(&base, &head, subgraphs, &used, &inputs.policy);
    let invalid = clients
        .iter()
        .filter(|it| !matches!(it.source, Source::Retired(_)))
        .flat_map(|it| operations::errors(&head, it))
        .map(|it| Finding {
            follows: true,
            ..it
        });
    let all = judged
        .breaking
        .into_iter()
        .chain(judged.others)
        .chain(invalid);
    findings.extend(all.filter_map(|it| of_contract(it, earlier)));
    let hidden = hidden(&head, sent);
    format!(
        "without what is tagged `{INTERNAL}`: {}, {hidden}",
        counted(clients.len(), "operation")
    )
}

fn hidden(head: &Valid<Schema>, sent: &[Use]) -> String {
    let ours: BTreeSet<_> = sent
        .iter()
        .filter(|it| {
            matches!(it.source, Source::Recorded(_)) && !operations::errors(head, it).is_empty()
        })
        .map(|it| &it.client)
        .collect();
    format!("{} of ours asks for more", counted(ours.len(), "client"))
}

/// As a finding of the contract; none when an earlier step says the same of the whole.
fn of_contract(finding: Finding, earlier: &[Step]) -> Option<Finding> {
    let said = earlier
        .iter()
        .flat_map(|step| &step.findings)
        .any(|it| it.code == finding.code && it.coordinate == finding.coordinate);
    (!said && finding.severity != Severity::Note).then(|| Finding {
        message: format!(
            "for those who do not see what is tagged `{INTERNAL}`: {}",
            finding.message
        ),
        ..finding
    })
}
