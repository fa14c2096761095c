//! For the test report of a CI: a step is a test case.

use quick_junit::{NonSuccessKind, TestCase, TestCaseStatus, TestSuite};

use super::text;
use crate::check::report::{Report, Severity, Status};
use crate::failure::{Failure, Result};

pub fn junit(report: &Report) -> Result<String> {
    let mut suite = TestSuite::new("schema check");
    for step in &report.steps {
        let status = match step.status {
            Status::Passed | Status::Warned => TestCaseStatus::success(),
            Status::Failed => {
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
                status.set_message(step.note.as_str());
                status.set_description(text(step, &[Severity::Error]));
                status
            }
            Status::Skipped => {
                let mut status = TestCaseStatus::skipped();
                status.set_message(step.note.as_str());
                status
            }
        };
        let mut case = TestCase::new(step.name.to_string(), status);
        case.set_classname("schema");
        let rest = text(step, &[Severity::Warning, Severity::Note]);
        if !rest.is_empty() {
            case.set_system_out(rest);
        }
        suite.add_test_case(case);
    }
    let mut junit = quick_junit::Report::new("schema check");
    junit.add_test_suite(suite);
    junit
        .to_string()
        .map_err(|e| Failure::new(format!("the report cannot be written as JUnit: {e}")))
}
