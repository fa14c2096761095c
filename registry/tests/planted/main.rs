//! The planted changes, checked against the findings that each case expects.

mod cases;

use std::fmt::Write as _;

use cases::{Given, cases, lines, root};
use registry::check;
use registry::check::report::{Status, Step, StepName, Verdict};

const UNCHANGED: &str = "nothing changes";

#[test]
fn every_planted_change_gets_the_verdict_and_exactly_the_findings_it_must_get() {
    let given = Given::read(&root()).unwrap();
    let cases = cases(&root()).unwrap();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    let unchanged = cases.iter().find(|case| case.name == UNCHANGED).unwrap();
    let usual = lines(&given.check(unchanged).unwrap());
    let mut wrong = String::new();
    for case in &cases {
        let report = given.check(case).unwrap();
        let found = lines(&report);
        let reached = |step: &Step| step.name == StepName::Diff && step.status != Status::Skipped;
        let reached = report.steps.iter().any(reached);
        let compared = if case.name != UNCHANGED && reached {
            usual.as_slice()
        } else {
            &[]
        };
        let differences = [
            difference("found", &without(&found, compared), &case.expect.findings),
            difference("gone", &without(compared, &found), &case.expect.gone),
        ];
        let passes = report.verdict == Verdict::Passed;
        if passes != case.expect.passes || differences.iter().any(|it| !it.is_empty()) {
            let _ = writeln!(
                wrong,
                "- {}: passes {passes}\n{}",
                case.name,
                differences.concat()
            );
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

/// What is in one list and not in the other, as often as it is there.
fn without(all: &[String], others: &[String]) -> Vec<String> {
    let mut rest = all.to_vec();
    for other in others {
        if let Some(index) = rest.iter().position(|it| it == other) {
            rest.remove(index);
        }
    }
    rest
}

fn difference(what: &str, actual: &[String], expected: &[String]) -> String {
    let more = without(actual, expected)
        .into_iter()
        .map(|it| format!("    {what}, not expected: {it}\n"));
    let less = without(expected, actual)
        .into_iter()
        .map(|it| format!("    expected, not {what}: {it}\n"));
    more.chain(less).collect()
}

#[test]
fn the_step_usage_counts_what_is_recorded_and_what_routers_have_seen_apart() {
    let given = Given::read(&root()).unwrap();
    let recorded = given.operations.len();
    let name = "routers were asked what they have seen, and it was something";
    let cases = cases(&root()).unwrap();
    let case = cases.iter().find(|case| case.name == name).unwrap();
    let report = given.check(case).unwrap();
    let usage = report.steps.iter().find(|it| it.name == StepName::Usage);
    assert_eq!(
        usage.unwrap().note,
        format!("nothing breaks; {recorded} operations recorded, 1 seen by routers")
    );
}

#[test]
fn of_a_base_that_does_not_parse_the_first_errors_are_said() {
    let given = Given::read(&root()).unwrap();
    let cases = cases(&root()).unwrap();
    let case = cases.iter().find(|case| case.name == UNCHANGED).unwrap();
    let mut inputs = given.inputs(case).unwrap();
    inputs.base.subgraphs[0].sdl =
        "type type type ( ( } } ! ! type { type { 1 2 3 } } ) )".repeat(9);
    let error = check::run(&inputs, None).err().unwrap().to_string();
    assert!(error.starts_with("the base has no API schema"), "{error}");
    assert_eq!(error.matches("; ").count(), 3, "{error}");
    assert!(
        error.contains("; and ") && error.ends_with(" more"),
        "{error}"
    );
}
