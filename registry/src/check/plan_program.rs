//! The router's planner, in a program of its own, so that the check builds without the router's engine.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};

use super::steps::planning::{Planner, Plans};
use crate::failure::{Failure, Result};

/// Name of the program (`router/src/bin/rookery-plan.rs`).
const NAME: &str = "rookery-plan";

/// The planner program.
pub struct PlanProgram(PathBuf);

impl PlanProgram {
    /// The given program, or the one beside this executable, where the container image and cargo put it.
    pub fn find(given: Option<&Path>) -> Result<Self> {
        if let Some(program) = given {
            return Ok(Self(program.to_owned()));
        }
        let this = std::env::current_exe()
            .map_err(|e| Failure::new(format!("cannot find this program: {e}")))?;
        let program = this.with_file_name(NAME);
        if program.is_file() {
            return Ok(Self(program));
        }
        Err(Failure::new(format!(
            "{NAME} is not in {}; name it with --planner, or leave the step out with --skip planning",
            this.parent().unwrap_or(&this).display()
        )))
    }
}

#[derive(Serialize)]
struct Question<'a> {
    supergraph: &'a str,
    operations: Vec<Document<'a>>,
}

#[derive(Serialize)]
struct Document<'a> {
    name: &'a str,
    document: &'a str,
}

#[derive(Deserialize)]
struct Answer {
    error: Option<String>,
    plans: Vec<Plan>,
}

#[derive(Deserialize)]
struct Plan {
    name: String,
    error: Option<String>,
}

impl Planner for PlanProgram {
    fn plan(&self, supergraph: &str, operations: &[(String, &str)]) -> Result<Plans> {
        let failed = |what: &str| Failure::new(format!("{}: {what}", self.0.display()));
        let question = Question {
            supergraph,
            operations: operations
                .iter()
                .map(|(name, document)| Document { name, document })
                .collect(),
        };
        let question = serde_json::to_vec(&question).map_err(|e| failed(&e.to_string()))?;
        let mut child = Command::new(&self.0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| failed(&format!("cannot be run: {e}")))?;
        // It reads to the end before it writes.
        let mut input = child
            .stdin
            .take()
            .ok_or_else(|| failed("has no standard input"))?;
        input
            .write_all(&question)
            .map_err(|e| failed(&format!("does not read: {e}")))?;
        drop(input);
        let output = child
            .wait_with_output()
            .map_err(|e| failed(&e.to_string()))?;
        if !output.status.success() {
            return Err(failed(&format!("ended with {}", output.status)));
        }
        let answer: Answer = serde_json::from_slice(&output.stdout)
            .map_err(|e| failed(&format!("answers something else: {e}")))?;
        Ok(Plans {
            refused: answer.error,
            errors: answer
                .plans
                .into_iter()
                .map(|plan| (plan.name, plan.error))
                .collect(),
        })
    }
}
