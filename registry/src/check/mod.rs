//! The schema check (docs/schema-checks.md): compares a graph with an earlier one and reports which operations would break.
//!
//! [`run`] is a function of its [`Inputs`](inputs::Inputs): no I/O besides the planner. `command` gathers the inputs from
//! files, git and registries. The steps are in `steps`, their order and what they share in `pipeline`.

mod base;
mod command;
mod deprecation;
mod diff;
pub mod inputs;
pub mod live_traffic;
mod pipeline;
pub mod plan_program;
pub mod render;
pub mod report;
pub mod schemas;
pub mod sources;
pub mod steps;
mod usage;

pub use command::{Arguments, command, not_done, today};
use inputs::Inputs;
use report::Report;
pub use steps::planning::Planner;

use crate::failure::Result;

/// Checks `inputs.head` against `inputs.base`. A failure means that the check could not be done.
pub fn run(inputs: &Inputs, planner: Option<&dyn Planner>) -> Result<Report> {
    let mut report = Report::new(&inputs.base.described);
    report.steps = pipeline::run(inputs, planner)?;
    let approvals = steps::approvals::step(&mut report.steps, &inputs.approvals, &inputs.policy);
    report.steps.push(approvals);
    Ok(report.conclude())
}
