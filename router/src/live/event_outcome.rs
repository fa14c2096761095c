//! Decides what happens to an event, by the response to the query that renders it.
//!
//! | response | outcome |
//! | --- | --- |
//! | data for the field, with or without errors elsewhere | delivered unchanged |
//! | null because of an error below the field that is not a fault | delivered unchanged |
//! | null without an error, or because the viewer may not see the entity | skipped, with a warning |
//! | null because of a fault, or no response | retried, because no event may be lost |
//! | the token is no longer valid | the stream ends |
//! | any other error | the stream ends with it |

use std::collections::HashMap;

use reqwest::StatusCode;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::{loopback::LoopbackResponse, request::ClientError};

#[derive(Debug, PartialEq)]
pub(super) enum EventOutcome {
    Deliver(String),
    /// The viewer does not see the event; with the reason.
    Skip(String),
    Retry(ClientError),
    Terminate(ClientError),
}

/// The parts of a response that decide. The data is delivered without being parsed.
#[derive(Deserialize)]
struct Response {
    data: Option<HashMap<String, Option<IgnoredAny>>>,
    #[serde(default)]
    errors: Vec<Value>,
}

/// Codes of faults, as opposed to errors about the event or the viewer.
const FAULT_CODES: [&str; 4] = ["SERVICE_UNAVAILABLE", "INTERNAL", "RATE_LIMITED", ""];

/// Classifies the response to the query for one event, whose field has this response key.
pub(super) fn classify(response: LoopbackResponse, key: &str) -> EventOutcome {
    let Ok(answer) = serde_json::from_str::<Response>(&response.body) else {
        return EventOutcome::Retry(ClientError::unavailable());
    };
    let has_data = answer
        .data
        .is_some_and(|data| data.get(key).is_some_and(Option::is_some));
    if has_data {
        return EventOutcome::Deliver(response.body);
    }
    if response.status == StatusCode::UNAUTHORIZED || has(&answer.errors, "UNAUTHENTICATED") {
        return EventOutcome::Terminate(ClientError::unauthenticated());
    }
    let Some(first) = answer.errors.first() else {
        return if response.status.is_success() {
            EventOutcome::Skip("null".to_owned())
        } else {
            EventOutcome::Retry(ClientError::unavailable())
        };
    };
    let code = code(first).to_owned();
    if let Some(fault) = answer.errors.iter().find(|error| is_fault(error)) {
        return EventOutcome::Retry(alone(fault));
    }
    if answer.errors.iter().all(|error| depth(error) > 1) {
        EventOutcome::Deliver(response.body)
    } else if is_about_viewer(&code) {
        EventOutcome::Skip(code)
    } else {
        let errors = answer.errors.iter().map(without_locations).collect();
        EventOutcome::Terminate(ClientError::of_service_errors(errors))
    }
}

/// Classifies the response to a query for an ID that does not exist. It has errors only if the operation is invalid. Returns
/// whether the operation may be cached as valid.
pub(super) fn classify_validation(response: &LoopbackResponse) -> Result<bool, EventOutcome> {
    let Ok(answer) = serde_json::from_str::<Response>(&response.body) else {
        return Err(EventOutcome::Retry(ClientError::unavailable()));
    };
    if response.status == StatusCode::UNAUTHORIZED || has(&answer.errors, "UNAUTHENTICATED") {
        return Err(EventOutcome::Terminate(ClientError::unauthenticated()));
    }
    if let Some(fault) = answer.errors.iter().find(|error| is_fault(error)) {
        return Err(EventOutcome::Retry(alone(fault)));
    }
    let wrong: Vec<Value> = answer
        .errors
        .iter()
        .filter(|error| !is_about_viewer(code(error)))
        .map(without_locations)
        .collect();
    match wrong.first() {
        None if response.status.is_success() => Ok(answer.errors.is_empty()),
        None => Err(EventOutcome::Retry(ClientError::unavailable())),
        Some(_) => Err(EventOutcome::Terminate(ClientError::of_service_errors(
            wrong,
        ))),
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
    FAULT_CODES.contains(&code(error))
}

/// Whether a code means that the entity does not exist or the viewer may not see it.
fn is_about_viewer(code: &str) -> bool {
    matches!(code, "FORBIDDEN" | "NOT_A_PARTICIPANT") || code.ends_with("NOT_FOUND")
}

/// Length of the path of an error.
fn depth(error: &Value) -> usize {
    let path = error.get("path").and_then(Value::as_array);
    path.map_or(0, Vec::len)
}

/// Removes the locations, which refer to a document that the client did not write.
fn without_locations(error: &Value) -> Value {
    let mut error = error.clone();
    if let Some(fields) = error.as_object_mut() {
        fields.remove("locations");
    }
    error
}

fn alone(fault: &Value) -> ClientError {
    ClientError::of_service_errors(vec![without_locations(fault)])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn outcome(status: u16, body: &Value) -> &'static str {
        let response = LoopbackResponse {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.to_string(),
        };
        match classify(response, "note") {
            EventOutcome::Deliver(delivered) => {
                assert_eq!(delivered, body.to_string(), "unchanged");
                "deliver"
            }
            EventOutcome::Skip(_) => "skip",
            EventOutcome::Retry(_) => "retry",
            EventOutcome::Terminate(_) => "terminate",
        }
    }

    fn error(code: &str, path: &Value) -> Value {
        json!({ "message": "m", "path": path, "extensions": { "code": code } })
    }

    #[test]
    fn delivers_partial_events() {
        let note = json!({ "id": "1", "author": null });
        assert_eq!(
            outcome(200, &json!({ "data": { "note": note } })),
            "deliver"
        );
        for code in ["SERVICE_UNAVAILABLE", "FORBIDDEN", "UNAUTHENTICATED"] {
            let errors = [error(code, &json!(["note", "author"]))];
            let partial = json!({ "data": { "note": note }, "errors": errors });
            assert_eq!(outcome(200, &partial), "deliver", "{code}");
        }
    }

    #[test]
    fn retries_after_a_fault() {
        for code in ["SERVICE_UNAVAILABLE", "INTERNAL", ""] {
            for path in [json!(null), json!(["note"]), json!(["note", "author"])] {
                let errors = [error(code, &path)];
                let answer = json!({ "data": { "note": null }, "errors": errors });
                assert_eq!(outcome(200, &answer), "retry", "{code} {path}");
            }
        }
        for status in [502, 503, 504] {
            assert_eq!(outcome(status, &json!({})), "retry", "{status}");
            assert_eq!(outcome(status, &json!("<html>")), "retry", "{status}");
        }
    }

    #[test]
    fn skips_what_the_viewer_may_not_see() {
        assert_eq!(outcome(200, &json!({ "data": { "note": null } })), "skip");
        for code in ["FORBIDDEN", "NOT_FOUND", "NOT_A_PARTICIPANT"] {
            let errors = [error(code, &json!(["note"]))];
            let answer = json!({ "data": { "note": null }, "errors": errors });
            assert_eq!(outcome(200, &answer), "skip", "{code}");
        }
    }

    #[test]
    fn permanent_errors_terminate_the_stream() {
        let unauthenticated = json!({ "errors": [error("UNAUTHENTICATED", &json!(null))] });
        assert_eq!(outcome(401, &unauthenticated), "terminate");
        assert_eq!(outcome(200, &unauthenticated), "terminate");
        let invalid = json!({ "errors": [error("MAX_DEPTH_EXCEEDED", &json!(null))] });
        assert_eq!(outcome(200, &invalid), "terminate");
    }

    #[test]
    fn validation_reports_an_invalid_operation() {
        let validate = |body: Value| {
            let status = StatusCode::OK;
            let body = body.to_string();
            classify_validation(&LoopbackResponse { status, body })
        };
        let of = |code| json!({ "data": { "note": null }, "errors": [error(code, &json!(null))] });
        assert_eq!(validate(json!({ "data": { "note": null } })), Ok(true));
        assert_eq!(
            validate(of("NOT_FOUND")),
            Ok(false),
            "valid, but not cached"
        );
        assert!(matches!(
            validate(of("MAX_ALIASES_EXCEEDED")),
            Err(EventOutcome::Terminate(_))
        ));
        assert!(matches!(
            validate(of("SERVICE_UNAVAILABLE")),
            Err(EventOutcome::Retry(_))
        ));
        assert!(matches!(
            validate(of("UNAUTHENTICATED")),
            Err(EventOutcome::Terminate(_))
        ));
    }
}
