//! The steps of the check, in order, and what they share.

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use super::inputs::{Inputs, Schemas, Use};
use super::report::{Finding, Step, StepName};
use super::schemas::{parse_supergraph, valid};
use super::steps::authorization_changes::{self, Changed, Side};
use super::steps::changes::{self, Changes, Subgraphs, Used};
use super::steps::planning::Planner;
use super::steps::{self, counted};
use crate::compose::{Composed, compose, parse_all};
use crate::failure::{Failure, Result};

/// One step: a function of the context and of the results of the steps before it.
struct Definition {
    name: StepName,
    needs: Needs,
    run: fn(&Context, &[Step]) -> Result<Step>,
}

/// What a step cannot do without. Without it the step is skipped.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    Nothing,
    ParsedSubgraphs,
    Supergraph,
}

/// The pipeline. `approvals`, which changes the findings of the others, follows it.
const PIPELINE: [Definition; 12] = [
    define(StepName::Parse, Needs::Nothing, |context, _| {
        Ok(parse(context))
    }),
    define(StepName::Code, Needs::Nothing, |context, _| {
        Ok(steps::drift::code(context.inputs.stale.as_deref()))
    }),
    define(
        StepName::Composition,
        Needs::ParsedSubgraphs,
        |context, _| Ok(composition(context)),
    ),
    define(StepName::Rules, Needs::ParsedSubgraphs, |context, _| {
        let subgraphs = &context.inputs.head.subgraphs;
        Ok(steps::rules::step(subgraphs, context.parsed()))
    }),
    define(StepName::Drift, Needs::Supergraph, |context, _| {
        let composed = &context.graph()?.composed;
        Ok(steps::drift::composed(&context.inputs.head, composed))
    }),
    define(StepName::Authorization, Needs::Supergraph, |context, _| {
        Ok(context.comparison()?.authorization.clone())
    }),
    define(StepName::Diff, Needs::Supergraph, |context, _| {
        let comparison = context.comparison()?;
        let base = &context.inputs.base.described;
        Ok(changes::diff_step(
            &comparison.changes,
            comparison.rules.breaking.len(),
            base,
        ))
    }),
    define(StepName::Usage, Needs::Supergraph, |context, _| {
        let comparison = context.comparison()?;
        let breaking = [&*comparison.changes.breaking, &comparison.rules.breaking].concat();
        let asked = context.inputs.usage_asked;
        Ok(changes::usage_step(breaking, &comparison.used, asked))
    }),
    define(StepName::Operations, Needs::Supergraph, |context, _| {
        Ok(context.comparison()?.operations.clone())
    }),
    define(StepName::Planning, Needs::Supergraph, |context, _| {
        let supergraph = &context.graph()?.composed.supergraph;
        let operations = &context.comparison()?.valid_operations;
        steps::planning::step(context.planner, supergraph, operations)
    }),
    define(StepName::Lint, Needs::Supergraph, |context, _| {
        let comparison = context.comparison()?;
        Ok(steps::lint::step(
            &comparison.base,
            &context.graph()?.api,
            &comparison.subgraphs(context.parsed()),
            &comparison.used,
            &comparison.changes.breaking,
        ))
    }),
    define(StepName::Contract, Needs::Supergraph, |context, earlier| {
        let comparison = context.comparison()?;
        steps::contract::step(
            context.inputs,
            comparison.counted,
            &context.graph()?.composed.api,
            &comparison.subgraphs(context.parsed()),
            earlier,
        )
    }),
];

const fn define(
    name: StepName,
    needs: Needs,
    run: fn(&Context, &[Step]) -> Result<Step>,
) -> Definition {
    Definition { name, needs, run }
}

/// Runs every step whose needs are met, and skips the others with the reason.
pub fn run(inputs: &Inputs, planner: Option<&dyn Planner>) -> Result<Vec<Step>> {
    let counted = changes::counting(&inputs.operations, &inputs.policy);
    let context = Context::new(inputs, planner, &counted)?;
    let mut results: Vec<Step> = Vec::with_capacity(PIPELINE.len());
    for Definition { name, needs, run } in PIPELINE {
        let step = match context.missing(needs) {
            Some(reason) => Step::skipped(name, reason),
            None => run(&context, &results)?,
        };
        results.push(step);
    }
    Ok(results)
}

/// What the steps share. Each part is `Err`, with the findings, or `None` if it cannot be made.
struct Context<'a> {
    inputs: &'a Inputs,
    planner: Option<&'a dyn Planner>,
    parsed: std::result::Result<Vec<Schema>, Vec<Finding>>,
    graph: std::result::Result<Graph, Vec<Finding>>,
    comparison: Option<Comparison<'a>>,
}

/// The composed subgraphs.
struct Graph {
    composed: Composed,
    api: Valid<Schema>,
}

/// The graph, compared with the base.
struct Comparison<'a> {
    /// API schema of the base.
    base: Valid<Schema>,
    /// Subgraphs of the base, for the places of findings.
    before: Vec<Schema>,
    /// Operations that count.
    counted: &'a [Use],
    used: Vec<Used<'a>>,
    changes: Changes,
    /// Changes of authorization rules.
    rules: Changed,
    authorization: Step,
    operations: Step,
    valid_operations: Vec<&'a Use>,
}

impl<'a> Context<'a> {
    fn new(
        inputs: &'a Inputs,
        planner: Option<&'a dyn Planner>,
        counted: &'a [Use],
    ) -> Result<Self> {
        let subgraphs = &inputs.head.subgraphs;
        let parsed = parse_all(subgraphs).map_err(steps::refused);
        let graph = match &parsed {
            Ok(_) => compose(subgraphs)
                .map_err(steps::refused)
                .and_then(|composed| {
                    let api = valid(&composed.api)?;
                    Ok(Graph { composed, api })
                }),
            Err(_) => Err(Vec::new()),
        };
        let comparison = match (&parsed, &graph) {
            (Ok(parsed), Ok(graph)) => Some(Comparison::new(inputs, parsed, graph, counted)?),
            _ => None,
        };
        Ok(Self {
            inputs,
            planner,
            parsed,
            graph,
            comparison,
        })
    }

    /// Why a need is not met.
    fn missing(&self, needs: Needs) -> Option<&'static str> {
        if needs != Needs::Nothing && self.parsed.is_err() {
            return Some("the subgraphs do not parse");
        }
        let is_missing = needs == Needs::Supergraph && self.graph.is_err();
        is_missing.then_some("the subgraphs do not compose")
    }

    fn parsed(&self) -> &[Schema] {
        self.parsed.as_deref().unwrap_or_default()
    }

    fn graph(&self) -> Result<&Graph> {
        let graph = self.graph.as_ref();
        graph.map_err(|_findings| Failure::new("a step needs a supergraph and does not say so"))
    }

    fn comparison(&self) -> Result<&Comparison<'a>> {
        let comparison = self.comparison.as_ref();
        comparison.ok_or_else(|| Failure::new("a step needs the comparison and does not say so"))
    }
}

impl<'a> Comparison<'a> {
    fn new(
        inputs: &'a Inputs,
        parsed: &[Schema],
        graph: &Graph,
        counted: &'a [Use],
    ) -> Result<Self> {
        let policy = &inputs.policy;
        let supergraph = parse_supergraph(&graph.composed.supergraph)?;
        let base = base_api(&inputs.base)?;
        let before = parse_all(&inputs.base.subgraphs).unwrap_or_default();
        let subgraphs = Subgraphs {
            base: &before,
            head: parsed,
        };
        let used = changes::used(&base, counted);
        let changes = changes::judge(&base, &graph.api, &subgraphs, &used, policy);
        let mut authorization =
            steps::authorization::step(&inputs.head.subgraphs, parsed, &supergraph);
        let mut rules = Changed::default();
        match base_supergraph(&inputs.base)? {
            Some(enforced) => {
                let [before, after] = [(&base, &enforced), (&graph.api, &supergraph)]
                    .map(|(api, supergraph)| Side { api, supergraph });
                let lost = &authorization.findings;
                rules = authorization_changes::changes(
                    &before, &after, lost, &subgraphs, &used, policy,
                );
                authorization.findings.append(&mut rules.opened);
            }
            None => authorization
                .note
                .push_str("; the base does not compose, so nothing is known of its rules"),
        }
        let (mut operations, valid_operations) =
            steps::operations::step(&base, &graph.api, counted);
        operations
            .findings
            .extend(steps::operations::unread(&inputs.unread));
        Ok(Self {
            base,
            before,
            counted,
            used,
            changes,
            rules,
            authorization,
            operations,
            valid_operations,
        })
    }

    fn subgraphs<'b>(&'b self, head: &'b [Schema]) -> Subgraphs<'b> {
        Subgraphs {
            base: &self.before,
            head,
        }
    }
}

fn parse(context: &Context) -> Step {
    let note = counted(context.inputs.head.subgraphs.len(), "subgraph");
    let findings = context.parsed.as_ref().err().cloned().unwrap_or_default();
    Step::new(StepName::Parse, note, findings)
}

fn composition(context: &Context) -> Step {
    let note = format!(
        "{}, and whether every field can be reached",
        counted(context.inputs.head.subgraphs.len(), "subgraph")
    );
    let findings = context.graph.as_ref().err().cloned().unwrap_or_default();
    Step::new(StepName::Composition, note, findings)
}

/// The API schema of the base: the stored one, or the one that its subgraphs compose to.
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

/// The first reasons and the number of the others, because one syntax error causes many.
fn first_of(reasons: Vec<&str>) -> String {
    const SHOWN: usize = 3;
    let more = reasons.len().saturating_sub(SHOWN);
    let mut shown: Vec<_> = reasons.into_iter().take(SHOWN).map(str::to_owned).collect();
    if more > 0 {
        shown.push(format!("and {more} more"));
    }
    shown.join("; ")
}

/// The supergraph of the base: the one that its subgraphs compose to, or the stored one.
fn base_supergraph(base: &Schemas) -> Result<Option<Schema>> {
    let composed = compose(&base.subgraphs).ok().map(|it| it.supergraph);
    let sdl = composed.or_else(|| base.supergraph.clone());
    sdl.map(|sdl| parse_supergraph(&sdl)).transpose()
}
