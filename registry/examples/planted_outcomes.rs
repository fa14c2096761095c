//! Writes the outcome of every planted change, and of the committed graph, as JSON, so that `tests/schema` can compare it with
//! other tools. Usage: `planted_outcomes FILE`.

#[path = "../tests/planted/cases/mod.rs"]
mod cases;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use cases::case::Expected;
use cases::{Given, cases, lines, root};
use registry::check::inputs::{Inputs, Policy, Source};
use registry::check::report::{Criticality, Report, StepName, Verdict};
use registry::check::schemas::valid;
use registry::check::sources::{self, Tree};
use registry::check::{run, steps};
use registry::compose::{Subgraph, compose};
use registry::failure::{Failure, Result};
use serde::Serialize;

fn main() -> ExitCode {
    let Some(to) = std::env::args().nth(1) else {
        eprintln!("error: expected the file to write");
        return ExitCode::from(2);
    };
    match write(&root(), Path::new(&to)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

#[derive(Serialize)]
struct Outcome {
    name: String,
    base: BTreeMap<String, String>,
    head: BTreeMap<String, String>,
    /// The composer's codes; none when it composes.
    refused: Vec<String>,
    supergraph: Option<String>,
    api: Option<String>,
    changes: Vec<Change>,
    operations: Vec<Operation>,
    verdict: Verdict,
    findings: Vec<String>,
    /// By the case; the committed graph has none.
    expected: Option<Expected>,
}

#[derive(Serialize)]
struct Change {
    code: String,
    coordinate: String,
    criticality: Criticality,
}

#[derive(Serialize)]
struct Operation {
    name: String,
    document: String,
    valid: bool,
}

/// Writes the outcome of every case, and that of the committed graph compared with itself.
fn write(root: &Path, to: &Path) -> Result<()> {
    let given = Given::read(root)?;
    let mut outcomes = Vec::new();
    for case in cases(root)? {
        let outcome = outcome(&case.name, &given.inputs(&case)?, &given.check(&case)?);
        outcomes.push(Outcome {
            expected: Some(case.expect),
            ..outcome
        });
    }
    let inputs = committed(root)?;
    outcomes.push(outcome(
        "the committed graph",
        &inputs,
        &run(&inputs, None)?,
    ));
    let text = serde_json::to_string_pretty(&outcomes).map_err(|e| Failure::new(e.to_string()))?;
    fs::write(to, text).map_err(|e| Failure::file("write", to, &e))?;
    println!(
        "wrote what came of {} cases to {}",
        outcomes.len(),
        to.display()
    );
    Ok(())
}

fn committed(root: &Path) -> Result<Inputs> {
    let Tree {
        schemas,
        operations,
        unread,
    } = sources::read(root, "itself")?;
    let base = sources::read(root, "itself")?.schemas;
    Ok(Inputs {
        base,
        head: schemas,
        stale: None,
        operations: sources::uses(operations, Vec::new()),
        usage_asked: false,
        unread,
        approvals: Vec::new(),
        promised: None,
        rest: None,
        policy: Policy::new(chrono::NaiveDate::MIN),
    })
}

fn outcome(name: &str, inputs: &Inputs, report: &Report) -> Outcome {
    let sdl = |subgraphs: &[Subgraph]| {
        subgraphs
            .iter()
            .map(|it| (it.name.clone(), it.sdl.clone()))
            .collect()
    };
    let composed = compose(&inputs.head.subgraphs);
    let refused = composed
        .as_ref()
        .err()
        .into_iter()
        .flatten()
        .map(|it| it.code.clone())
        .collect();
    let composed = composed.ok();
    let api = composed.as_ref().and_then(|it| valid(&it.api).ok());
    let recorded = inputs
        .operations
        .iter()
        .filter(|it| matches!(it.source, Source::Recorded(_)));
    let operations = api.iter().flat_map(|api| {
        recorded.clone().map(|it| Operation {
            name: it.label(),
            document: it.document.clone(),
            valid: steps::operations::errors(api, it).is_empty(),
        })
    });
    let judged = report
        .steps
        .iter()
        .filter(|it| matches!(it.name, StepName::Diff | StepName::Usage));
    let changes = judged.flat_map(|it| &it.findings).filter_map(|it| {
        Some(Change {
            code: it.code.clone(),
            coordinate: it.coordinate.clone()?,
            criticality: it.criticality?,
        })
    });
    Outcome {
        name: name.to_owned(),
        base: sdl(&inputs.base.subgraphs),
        head: sdl(&inputs.head.subgraphs),
        refused,
        operations: operations.collect(),
        supergraph: composed.as_ref().map(|it| it.supergraph.clone()),
        api: composed.map(|it| it.api),
        changes: changes.collect(),
        verdict: report.verdict,
        findings: lines(report),
        expected: None,
    }
}
