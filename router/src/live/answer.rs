//! What becomes of an event, by what the engine said of it.
//!
//! | answer | event |
//! | --- | --- |
//! | with data for the field, with or without errors elsewhere | delivered as it is |
//! | null by an error within the field, which is not a fault | delivered as it is |
//! | null without an error, or because it is not there or not for the viewer | passed over, with a warning |
//! | null by a fault, or no answer at all | asked for again: it must not be lost |
//! | the token is not good any more | the stream ends |
//! | any other error | the stream ends with it |

use std::collections::HashMap;

use reqwest::StatusCode;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use super::{inside::Said, problem::Problem};

#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    Deliver(String),
    /// With why the viewer does not see it.
    Pass(String),
    Again(Problem),
    End(Problem),
}

/// As much of an answer as decides: what is delivered is not taken apart.
#[derive(Deserialize)]
struct Answer {
    data: Option<HashMap<String, Option<IgnoredAny>>>,
    #[serde(default)]
    errors: Vec<Value>,
}

/// Something on our side, as opposed to something about the event or the viewer.
const FAULTS: [&str; 4] = ["SERVICE_UNAVAILABLE", "INTERNAL", "RATE_LIMITED", ""];

/// Judges the answer to the query for one event, whose field has this key.
pub(super) fn judge(said: Said, key: &str) -> Verdict {
    let Ok(answer) = serde_json::from_str::<Answer>(&said.body) else {
        return Verdict::Again(Problem::unavailable());
    };
    let has_data = answer
        .data
        .is_some_and(|data| data.get(key).is_some_and(Option::is_some));
    if has_data {
        return Verdict::Deliver(said.body);
    }
    if said.status == StatusCode::UNAUTHORIZED || has(&answer.errors, "UNAUTHENTICATED") {
        return Verdict::End(Problem::unauthenticated());
    }
    let Some(first) = answer.errors.first() else {
        return if said.status.is_success() {
            Verdict::Pass("null".to_owned())
        } else {
            Verdict::Again(Problem::unavailable())
        };
    };
    let code = code(first).to_owned();
    if let Some(fault) = answer.errors.iter().find(|error| is_fault(error)) {
        return Verdict::Again(alone(fault));
    }
    if answer.errors.iter().all(|error| depth(error) > 1) {
        Verdict::Deliver(said.body)
    } else if is_about_viewer(&code) {
        Verdict::Pass(code)
    } else {
        Verdict::End(Problem {
            errors: answer.errors.iter().map(without_locations).collect(),
            ..Problem::of_service(&code, "")
        })
    }
}

/// What the engine says of an operation when it is tried with the id of nothing: nothing, unless something is wrong with
/// the operation. Whether it may be remembered as good.
pub(super) fn judge_trial(said: &Said) -> Result<bool, Verdict> {
    let Ok(answer) = serde_json::from_str::<Answer>(&said.body) else {
        return Err(Verdict::Again(Problem::unavailable()));
    };
    if said.status == StatusCode::UNAUTHORIZED || has(&answer.errors, "UNAUTHENTICATED") {
        return Err(Verdict::End(Problem::unauthenticated()));
    }
    if let Some(fault) = answer.errors.iter().find(|error| is_fault(error)) {
        return Err(Verdict::Again(alone(fault)));
    }
    let wrong: Vec<Value> = answer
        .errors
        .iter()
        .filter(|error| !is_about_viewer(code(error)))
        .map(without_locations)
        .collect();
    match wrong.first() {
        None if said.status.is_success() => Ok(answer.errors.is_empty()),
        None => Err(Verdict::Again(Problem::unavailable())),
        Some(first) => {
            let problem = Problem::of_service(code(first), "");
            Err(Verdict::End(Problem {
                errors: wrong,
                ..problem
            }))
        }
    }
}

fn code(error: &Value) -> &str {
    let code = error.pointer("/extensions/code");
    code.and_then(Value::as_str).unwrap_or_default()
}

fn has(errors: &[Value], wanted: &str) -> bool {
    errors
        .iter()
        .any(|error| code(error) == wanted && depth(error) <= 1)
}

fn is_fault(error: &Value) -> bool {
    FAULTS.contains(&code(error))
}

/// That something is not there, or not for this viewer.
fn is_about_viewer(code: &str) -> bool {
    matches!(code, "FORBIDDEN" | "NOT_A_PARTICIPANT") || code.ends_with("NOT_FOUND")
}

/// How far within the answer an error is.
fn depth(error: &Value) -> usize {
    let path = error.get("path").and_then(Value::as_array);
    path.map_or(0, Vec::len)
}

/// They are places in a document that the client did not write.
fn without_locations(error: &Value) -> Value {
    let mut error = error.clone();
    if let Some(fields) = error.as_object_mut() {
        fields.remove("locations");
    }
    error
}

fn alone(fault: &Value) -> Problem {
    Problem {
        errors: vec![without_locations(fault)],
        ..Problem::of_service(code(fault), "")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judged(status: u16, body: &Value) -> &'static str {
        let said = Said {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.to_string(),
        };
        match judge(said, "note") {
            Verdict::Deliver(delivered) => {
                assert_eq!(delivered, body.to_string(), "as it is");
                "deliver"
            }
            Verdict::Pass(_) => "pass",
            Verdict::Again(_) => "again",
            Verdict::End(_) => "end",
        }
    }

    fn error(code: &str, path: &Value) -> Value {
        json!({ "message": "m", "path": path, "extensions": { "code": code } })
    }

    #[test]
    fn what_there_is_of_an_event_is_delivered() {
        let note = json!({ "id": "1", "author": null });
        assert_eq!(judged(200, &json!({ "data": { "note": note } })), "deliver");
        for code in ["SERVICE_UNAVAILABLE", "FORBIDDEN", "UNAUTHENTICATED"] {
            let errors = [error(code, &json!(["note", "author"]))];
            let partial = json!({ "data": { "note": note }, "errors": errors });
            assert_eq!(judged(200, &partial), "deliver", "{code}");
        }
    }

    #[test]
    fn an_event_is_never_lost_by_a_fault() {
        for code in ["SERVICE_UNAVAILABLE", "INTERNAL", ""] {
            for path in [json!(null), json!(["note"]), json!(["note", "author"])] {
                let errors = [error(code, &path)];
                let answer = json!({ "data": { "note": null }, "errors": errors });
                assert_eq!(judged(200, &answer), "again", "{code} {path}");
            }
        }
        for status in [502, 503, 504] {
            assert_eq!(judged(status, &json!({})), "again", "{status}");
            assert_eq!(judged(status, &json!("<html>")), "again", "{status}");
        }
    }

    #[test]
    fn what_the_viewer_may_not_see_is_passed_over() {
        assert_eq!(judged(200, &json!({ "data": { "note": null } })), "pass");
        for code in ["FORBIDDEN", "NOT_FOUND", "NOT_A_PARTICIPANT"] {
            let errors = [error(code, &json!(["note"]))];
            let answer = json!({ "data": { "note": null }, "errors": errors });
            assert_eq!(judged(200, &answer), "pass", "{code}");
        }
    }

    #[test]
    fn what_stays_wrong_ends_the_stream() {
        let unauthenticated = json!({ "errors": [error("UNAUTHENTICATED", &json!(null))] });
        assert_eq!(judged(401, &unauthenticated), "end");
        assert_eq!(judged(200, &unauthenticated), "end");
        let invalid = json!({ "errors": [error("MAX_DEPTH_EXCEEDED", &json!(null))] });
        assert_eq!(judged(200, &invalid), "end");
    }

    #[test]
    fn a_trial_shows_what_is_wrong_with_the_operation() {
        let trial = |body: Value| {
            let status = StatusCode::OK;
            let body = body.to_string();
            judge_trial(&Said { status, body })
        };
        let of = |code| json!({ "data": { "note": null }, "errors": [error(code, &json!(null))] });
        assert_eq!(trial(json!({ "data": { "note": null } })), Ok(true));
        assert_eq!(
            trial(of("NOT_FOUND")),
            Ok(false),
            "fine, but not remembered"
        );
        assert!(matches!(
            trial(of("MAX_ALIASES_EXCEEDED")),
            Err(Verdict::End(_))
        ));
        assert!(matches!(
            trial(of("SERVICE_UNAVAILABLE")),
            Err(Verdict::Again(_))
        ));
        assert!(matches!(trial(of("UNAUTHENTICATED")), Err(Verdict::End(_))));
    }
}
