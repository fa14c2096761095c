use super::*;
use crate::check::report::{Affected, Approved, Criticality, StepName};
use crate::places::Place;

fn report() -> Report {
    let place = Place {
        file: "schema/users.graphql".into(),
        line: 7,
        column: 3,
    };
    let removed = Finding {
        criticality: Some(Criticality::Breaking),
        operations: vec![Affected {
            client: "web".into(),
            operation: "Profile".into(),
            file: Some("operations/web/Profile.graphql".into()),
            seen: None,
        }],
        ..Finding::error("FIELD_REMOVED", "the field `User.bio` is gone")
            .at("User.bio")
            .in_places(vec![place])
            .instead("deprecate it")
    };
    let unused = |coordinate: &str| {
        Finding::new(
            Severity::Warning,
            "UNUSED_FIELD",
            "no recorded operation asks for it",
        )
        .at(coordinate)
    };
    let mut approved = unused("User.c");
    approved.approval = Some(Approved {
        by: "ada".into(),
        until: chrono::NaiveDate::from_ymd_opt(2026, 12, 31).unwrap(),
        reason: "soon".into(),
    });
    let mut report = Report::new("abc (main)");
    report.steps = vec![
        Step::new(StepName::Usage, "1 breaking change", vec![removed]),
        Step::skipped(StepName::Planning, "the planner was not asked"),
        Step::new(
            StepName::Lint,
            "names",
            vec![unused("User.a"), unused("User.b"), approved],
        ),
    ];
    report.conclude()
}

#[test]
fn people_read_what_where_whom_it_breaks_and_how_to_do_it_instead() {
    assert_eq!(
        people(&report()),
        "Schema check: compared with abc (main)

  1  usage         failed   1 breaking change
       error   FIELD_REMOVED  User.bio
                 the field `User.bio` is gone
                 at schema/users.graphql:7:3
                 would break web/Profile (operations/web/Profile.graphql)
                 instead: deprecate it
  2  planning      skipped  the planner was not asked
  3  lint          warned   names
       warning UNUSED_FIELD  User.a, User.b
                 no recorded operation asks for it
       warning UNUSED_FIELD  User.c
                 no recorded operation asks for it
                 approved by ada until 2026-12-31: soon

schema check failed: 1 error, 3 warnings
"
    );
}

#[test]
fn the_json_has_the_shape_that_the_documentation_gives() {
    let json: serde_json::Value = serde_json::from_str(&json(&report()).unwrap()).unwrap();
    assert_eq!(json["format"], "rookery-schema-check");
    assert_eq!(
        (&json["version"], &json["verdict"]),
        (&1.into(), &"failed".into())
    );
    assert_eq!(
        json["steps"][0],
        serde_json::json!({
            "name": "usage",
            "status": "failed",
            "note": "1 breaking change",
            "findings": [{
                "severity": "error",
                "code": "FIELD_REMOVED",
                "coordinate": "User.bio",
                "criticality": "breaking",
                "message": "the field `User.bio` is gone",
                "places": [{ "file": "schema/users.graphql", "line": 7, "column": 3 }],
                "operations": [{
                    "client": "web", "operation": "Profile", "file": "operations/web/Profile.graphql", "seen": null,
                }],
                "instead": "deprecate it",
                "approval": null,
            }],
        })
    );
    let approval = serde_json::json!({ "by": "ada", "until": "2026-12-31", "reason": "soon" });
    assert_eq!(json["steps"][2]["findings"][2]["approval"], approval);
    assert_eq!(json["steps"][1]["status"], "skipped");
}

#[test]
fn in_junit_a_step_is_a_test_case_and_warnings_are_its_output() {
    let junit = junit(&report()).unwrap();
    assert!(
        junit.contains(r#"tests="3" skipped="1" failures="1" errors="0""#),
        "{junit}"
    );
    assert!(junit.contains("would break web/Profile"), "{junit}");
    assert!(
        junit.contains("<system-out>warning UNUSED_FIELD User.a, User.b"),
        "{junit}"
    );
}

#[test]
fn nothing_of_a_schema_is_markup_in_a_comment() {
    let mut report = report();
    report.steps[0].findings[0].message = "<script> | @everybody".into();
    let markdown = markdown(&report);
    assert!(
        markdown.contains("&lt;script&gt; \\| @\u{200b}everybody"),
        "{markdown}"
    );
    assert!(
        markdown.contains("| 1 | usage | **failed** | 1 breaking change |"),
        "{markdown}"
    );
}
