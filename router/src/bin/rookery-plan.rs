//! `rookery-plan`: the planning step of the schema check. Plans operations on a supergraph with the router's engine.
//! A program of its own, so that `rookery-schema` builds without the engine.
//!
//! Reads `{"supergraph": SDL, "operations": [{"name", "document"}]}` from its standard input, and writes
//! `{"error": text or null, "plans": [{"name", "error": text or null}]}`: `error` says why the router would not take the
//! supergraph at all. The exit code is 0 for any answer, and 1 if the input is malformed.

use std::{error::Error, io};

use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    supergraph: String,
    operations: Vec<Operation>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Operation {
    name: String,
    document: String,
}

#[derive(Serialize)]
struct Answer {
    error: Option<String>,
    plans: Vec<Plan>,
}

#[derive(Serialize)]
struct Plan {
    name: String,
    error: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let question: Question = serde_json::from_reader(io::stdin().lock())?;
    serde_json::to_writer(io::stdout().lock(), &answer(question))?;
    Ok(())
}

fn answer(question: Question) -> Answer {
    match router::Supergraph::parse(question.supergraph) {
        Err(error) => Answer {
            error: Some(error.to_string()),
            plans: Vec::new(),
        },
        Ok(supergraph) => Answer {
            error: None,
            plans: question
                .operations
                .into_iter()
                .map(|operation| Plan {
                    error: supergraph.plan(&operation.document).err(),
                    name: operation.name,
                })
                .collect(),
        },
    }
}
