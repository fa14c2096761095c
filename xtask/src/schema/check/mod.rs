//! `cargo xtask schema check`: what a schema registry does on a check, here and without a server (docs/schema-checks.md).
//!
//! `run` is a function of what it is given. Where that comes from is for `command` to know, and for the tests.

mod command;
mod deprecation;
mod diff;
pub mod inputs;
pub mod plan_program;
mod planted;
pub mod render;
pub mod report;
pub mod sources;
mod steps;
mod usage;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use crate::failure::{Failure, Result};
use crate::schema::compose::{Composed, compose, parse_all};
pub use command::{Arguments, command, not_done, today};
use inputs::{Inputs, Schemas};
pub use planted::write as write_planted;
use report::{Finding, Report, Step, StepName};
use steps::authorization_changes::Side;
use steps::changes::Subgraphs;
use steps::counted;
pub use steps::planning::Planner;

/// Checks `inputs.head` against `inputs.base`. The failure is that the check could not be done, not what it found.
pub fn run(inputs: &Inputs, planner: Option<&dyn Planner>) -> Result<Report> {
    let mut report = Report::new(&inputs.base.described);
    let code = steps::drift::code(inputs.stale.as_deref());
    let subgraphs = &inputs.head.subgraphs;
    let parsed = counted(subgraphs.len(), "subgraph");
    let schemas = match parse_all(subgraphs) {
        Ok(schemas) => schemas,
        Err(refusals) => {
            report
                .steps
                .push(Step::new(StepName::Parse, parsed, steps::refused(refusals)));
            report.steps.push(code);
            return Ok(stop(
                report,
                inputs,
                StepName::Composition,
                "the subgraphs do not parse",
            ));
        }
    };
    report
        .steps
        .push(Step::new(StepName::Parse, parsed, Vec::new()));
    report.steps.push(code);

    let composed = compose(subgraphs)
        .map_err(steps::refused)
        .and_then(|composed| {
            let api = valid(&composed.api)?;
            Ok((composed, api))
        });
    let refused = composed.as_ref().err().cloned().unwrap_or_default();
    let note = format!(
        "{}, and whether every field can be reached",
        counted(subgraphs.len(), "subgraph")
    );
    report
        .steps
        .push(Step::new(StepName::Composition, note, refused));
    report.steps.push(steps::rules::step(subgraphs, &schemas));
    let Ok((composed, api)) = composed else {
        return Ok(stop(
            report,
            inputs,
            StepName::Drift,
            "the subgraphs do not compose",
        ));
    };
    composed_steps(inputs, planner, &schemas, &composed, &api, &mut report)?;
    Ok(conclude(report, inputs))
}

/// The last step, which is about all others, and the verdict.
fn conclude(mut report: Report, inputs: &Inputs) -> Report {
    let approvals = steps::approvals::step(&mut report.steps, &inputs.approvals, &inputs.policy);
    report.steps.push(approvals);
    report.conclude()
}

/// The steps that need a supergraph.
fn composed_steps(
    inputs: &Inputs,
    planner: Option<&dyn Planner>,
    schemas: &[Schema],
    composed: &Composed,
    api: &Valid<Schema>,
    report: &mut Report,
) -> Result<()> {
    report
        .steps
        .push(steps::drift::composed(&inputs.head, composed));
    let supergraph = parse_supergraph(&composed.supergraph)?;
    let mut authorization =
        steps::authorization::step(&inputs.head.subgraphs, schemas, &supergraph);

    let base = base_api(&inputs.base)?;
    // They are asked for places only.
    let before = parse_all(&inputs.base.subgraphs).unwrap_or_default();
    let subgraphs = Subgraphs {
        base: &before,
        head: schemas,
    };
    let operations = steps::changes::counting(&inputs.operations, &inputs.policy);
    let used = steps::changes::used(&base, &operations);
    let mut judged = steps::changes::judge(&base, api, &subgraphs, &used, &inputs.policy);
    let lint = steps::lint::step(&base, api, &subgraphs, &used, &judged.breaking);
    match base_supergraph(&inputs.base)? {
        Some(enforced) => {
            let [before, after] = [(&base, &enforced), (api, &supergraph)]
                .map(|(api, supergraph)| Side { api, supergraph });
            let lost = &authorization.findings;
            let changed = steps::authorization_changes::changes(
                &before,
                &after,
                lost,
                &subgraphs,
                &used,
                &inputs.policy,
            );
            authorization.findings.extend(changed.opened);
            judged.breaking.extend(changed.breaking);
        }
        None => authorization
            .note
            .push_str("; the base does not compose, so nothing is known of its rules"),
    }
    report.steps.push(authorization);
    report.steps.extend(steps::changes::steps(
        judged,
        &used,
        &inputs.base.described,
        inputs.usage_asked,
    ));
    let (mut step, right) = steps::operations::step(&base, api, &operations);
    let unread = steps::operations::unread(&inputs.unread);
    step.findings.extend(unread);
    report.steps.push(step);
    report.steps.push(steps::planning::step(
        planner,
        &composed.supergraph,
        &right,
    )?);
    report.steps.push(lint);
    let contract = steps::contract::step(
        inputs,
        &operations,
        &composed.api,
        &subgraphs,
        &report.steps,
    )?;
    report.steps.push(contract);
    Ok(())
}

/// The rest of the steps are skipped, for a reason.
fn stop(mut report: Report, inputs: &Inputs, from: StepName, why: &str) -> Report {
    let order = [
        StepName::Composition,
        StepName::Rules,
        StepName::Drift,
        StepName::Authorization,
        StepName::Diff,
        StepName::Usage,
        StepName::Operations,
        StepName::Planning,
        StepName::Lint,
        StepName::Contract,
    ];
    let rest = order.into_iter().skip_while(|name| *name != from);
    report
        .steps
        .extend(rest.map(|name| Step::skipped(name, why)));
    conclude(report, inputs)
}

/// The API schema of the base: as it is kept, or else as its subgraphs compose.
fn base_api(base: &Schemas) -> Result<Valid<Schema>> {
    let named = |findings: Vec<Finding>| {
        let reasons = findings.iter().map(|it| it.message.as_str());
        Failure::new(format!(
            "{} has no API schema to compare with: {}",
            base.described,
            first_of(reasons.collect())
        ))
    };
    let sdl = match &base.api {
        Some(api) => api.clone(),
        None => {
            compose(&base.subgraphs)
                .map_err(|refusals| named(steps::refused(refusals)))?
                .api
        }
    };
    valid(&sdl).map_err(named)
}

/// The first reasons, and how many more there are: one error of syntax brings many.
fn first_of(reasons: Vec<&str>) -> String {
    const SHOWN: usize = 3;
    let more = reasons.len().saturating_sub(SHOWN);
    let mut shown: Vec<_> = reasons.into_iter().take(SHOWN).map(str::to_owned).collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join("; ")
}

/// The supergraph of the base: as its subgraphs compose, or else as it is kept.
fn base_supergraph(base: &Schemas) -> Result<Option<Schema>> {
    let composed = compose(&base.subgraphs).ok().map(|it| it.supergraph);
    let sdl = composed.or_else(|| base.supergraph.clone());
    sdl.map(|sdl| parse_supergraph(&sdl)).transpose()
}

/// A schema that GraphQL's own rules accept, or what they say against it.
fn valid(api: &str) -> std::result::Result<Valid<Schema>, Vec<Finding>> {
    // Newer than apollo-compiler's list of built-in directives.
    let one_of = "\ndirective @oneOf on INPUT_OBJECT\n";
    let known = !api.contains("@oneOf") || api.contains("directive @oneOf");
    let sdl = if known {
        api.to_owned()
    } else {
        format!("{api}{one_of}")
    };
    Schema::parse_and_validate(sdl, "schema/api.graphql").map_err(|errors| {
        let finding = |message: String| {
            Finding::error(
                "API_INVALID",
                format!("the API schema is not valid: {message}"),
            )
        };
        errors
            .errors
            .iter()
            .map(|diagnostic| finding(diagnostic.error.to_string()))
            .collect()
    })
}

fn parse_supergraph(sdl: &str) -> Result<Schema> {
    Schema::parse(sdl, "schema/supergraph.graphql").map_err(|e| {
        Failure::new(format!(
            "the composed supergraph is no schema:\n{}",
            e.errors
        ))
    })
}
