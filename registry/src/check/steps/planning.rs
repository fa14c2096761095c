//! Whether the router's own planner has a plan for every recorded operation. A supergraph that loads may still have none.

use std::collections::BTreeMap;

use super::changes::affected;
use super::counted;
use crate::check::inputs::{Source, Use};
use crate::check::report::{Finding, Step, StepName};
use crate::failure::Result;
use crate::places::Place;

/// The router's planner, wherever it runs.
pub trait Planner {
    /// For each named document what the planner says against it, or what it says against the supergraph. The failure is
    /// that it could not be asked.
    fn plan(&self, supergraph: &str, operations: &[(String, &str)]) -> Result<Plans>;
}

pub struct Plans {
    /// Why the router would not take the supergraph.
    pub refused: Option<String>,
    /// Why there is no plan, by the operation's name; none when there is one.
    pub errors: BTreeMap<String, Option<String>>,
}

pub fn step(planner: Option<&dyn Planner>, supergraph: &str, operations: &[&Use]) -> Result<Step> {
    let Some(planner) = planner else {
        return Ok(Step::skipped(
            StepName::Planning,
            "the planner was not asked",
        ));
    };
    // A manifest may have two versions of one operation.
    let named: Vec<_> = operations
        .iter()
        .enumerate()
        .map(|(index, operation)| {
            (
                format!("{}#{index}", operation.label()),
                operation.document.as_str(),
            )
        })
        .collect();
    let plans = planner.plan(supergraph, &named)?;
    if let Some(refused) = plans.refused {
        let finding = Finding::error(
            "SUPERGRAPH_REFUSED",
            format!("the router refuses the supergraph: {refused}"),
        );
        return Ok(Step::new(
            StepName::Planning,
            "the planner does not start",
            vec![finding],
        ));
    }
    let mut findings = Vec::new();
    for ((name, _), operation) in named.iter().zip(operations) {
        let message = match plans.errors.get(name) {
            Some(None) => continue,
            Some(Some(error)) => format!("the router has no plan: {error}"),
            None => "the planner says nothing of it".to_owned(),
        };
        let places = match &operation.source {
            Source::Recorded(file) | Source::Retired(file) => {
                vec![Place::file(file.display().to_string())]
            }
            Source::Live { .. } => Vec::new(),
        };
        let finding = Finding::error("NO_PLAN", message)
            .at(operation.label())
            .in_places(places);
        findings.push(Finding {
            operations: vec![affected(operation)],
            ..finding
        });
    }
    let note = format!(
        "{}, by the router's planner",
        counted(named.len(), "operation")
    );
    Ok(Step::new(StepName::Planning, note, findings))
}
