//! Committed files that are not what they are made from.

use std::fmt::Write as _;
use std::path::PathBuf;

use crate::check::inputs::Schemas;
use crate::check::report::{Finding, Step, StepName};
use crate::compose::Composed;
use crate::drift::{Generated, Stale, compare};
use crate::places::Place;

const COMMAND: &str = "run `cargo xtask schema` and commit what it writes";
/// Of a difference, so many lines are shown; the command shows the rest.
const SHOWN: usize = 12;

/// Files of the subgraphs that the code does not give.
pub fn code(stale: Option<&[Stale]>) -> Step {
    match stale {
        None => Step::skipped(StepName::Code, "the code was not asked"),
        Some(stale) => Step::new(
            StepName::Code,
            "the SDL and the OpenAPI documents, with what the code gives",
            stale
                .iter()
                .map(|file| finding("CODE_DIFFERS", "the code gives", file))
                .collect(),
        ),
    }
}

/// A supergraph or an API schema that the subgraphs do not compose to.
pub fn composed(head: &Schemas, composed: &Composed) -> Step {
    let mut compared = 0;
    let mut findings = Vec::new();
    for (path, committed, content) in [
        (
            "schema/supergraph.graphql",
            &head.supergraph,
            &composed.supergraph,
        ),
        ("schema/api.graphql", &head.api, &composed.api),
    ] {
        let Some(committed) = committed else { continue };
        compared += 1;
        let file = Generated {
            path: PathBuf::from(path),
            content: content.clone(),
        };
        let stale = compare(&file, committed);
        findings.extend(
            stale.map(|file| finding("COMPOSITION_DIFFERS", "the subgraphs compose to", &file)),
        );
    }
    if compared == 0 {
        return Step::skipped(
            StepName::Drift,
            "no supergraph is kept beside the subgraphs",
        );
    }
    let note = "the supergraph and the API schema, with what the subgraphs compose to";
    Step::new(StepName::Drift, note, findings)
}

fn finding(code: &str, what: &str, stale: &Stale) -> Finding {
    let path = stale.path.display();
    let changed: Vec<_> = stale
        .diff
        .lines()
        .skip(2)
        .filter(|line| line.starts_with(['+', '-']))
        .collect();
    let mut message = format!("{path} is not what {what}");
    for line in changed.iter().take(SHOWN) {
        message.push('\n');
        message.push_str(line);
    }
    if changed.len() > SHOWN {
        let _ = write!(message, "\nand {} more lines", changed.len() - SHOWN);
    }
    Finding::error(code, message)
        .in_places(vec![Place::file(path.to_string())])
        .instead(COMMAND)
}
