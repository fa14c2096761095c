//! The request that looks up the kinds of IDs ([`lookup`]), and its response.

use std::{collections::HashMap, sync::Arc};

use common::error::Fault;
use node_subgraph::{
    Kind, KindResult,
    lookup::{self, key},
};
use reqwest::StatusCode;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{limits::Limits, loopback::LoopbackResponse};

/// Cost of one ID in terms of the operation limits, rounded up.
const ALIASES: usize = Kind::ALL.len();
const FIELDS: usize = 2 * Kind::ALL.len();
const TOKENS: usize = 5 + 13 * Kind::ALL.len();
/// Tokens of the operation around the look-ups.
const TOKENS_AROUND: usize = 10;

/// Maximum number of IDs in one operation: loopback requests pass the same limits as client requests.
pub(super) fn max_ids(limits: &Limits) -> usize {
    let by_tokens = limits.tokens.saturating_sub(TOKENS_AROUND) / TOKENS;
    let by_size = (limits.aliases / ALIASES).min(limits.fields / FIELDS);
    by_size.min(by_tokens).max(1)
}

/// The request body that looks up IDs.
pub(super) fn request_body(ids: &[Uuid]) -> String {
    let variables: Map<String, Value> = ids
        .iter()
        .enumerate()
        .map(|(number, id)| (lookup::variable(number), json!(id)))
        .collect();
    json!({ "query": lookup::document(ids.len()), "variables": variables }).to_string()
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Option<HashMap<String, Option<IgnoredAny>>>,
    #[serde(default)]
    errors: Vec<Value>,
}

/// The result for each ID.
pub(super) fn parse_response(
    ids: &[Uuid],
    response: Result<LoopbackResponse, reqwest::Error>,
) -> Vec<(Uuid, KindResult)> {
    let answer = response
        .map_err(Fault::unavailable)
        .and_then(|response| parse(&response));
    match answer {
        Ok(answer) => ids
            .iter()
            .enumerate()
            .map(|(number, id)| (*id, answer.of(number)))
            .collect(),
        Err(fault) => {
            let fault = Arc::new(fault);
            ids.iter().map(|id| (*id, Err(fault.clone()))).collect()
        }
    }
}

fn parse(response: &LoopbackResponse) -> Result<Answer, Fault> {
    let answer: Answer = serde_json::from_str(&response.body).map_err(Fault::unavailable)?;
    if response.status != StatusCode::OK || answer.data.is_none() {
        let first = answer.errors.first().map(code).unwrap_or_default();
        return Err(Fault::unavailable(format!(
            "the graph answered {} {first}",
            response.status
        )));
    }
    Ok(answer)
}

impl Answer {
    /// The result for the ID with this number. If no field finds it and a service failed, the ID may belong to that service.
    fn of(&self, number: usize) -> KindResult {
        let data = self.data.as_ref();
        let is_there = |kind: &Kind| {
            let field = data.and_then(|data| data.get(&key(*kind, number)));
            field.is_some_and(Option::is_some)
        };
        if let Some(kind) = Kind::ALL.into_iter().find(is_there) {
            return Ok(Some(kind));
        }
        let failed = Kind::ALL.into_iter().find_map(|kind| {
            let key = key(kind, number);
            let mut errors = self.errors.iter();
            let code = errors.find(|error| is_failure(error, &key)).map(code)?;
            Some(format!("`{}` answered {code}", kind.query()))
        });
        match failed {
            None => Ok(None),
            Some(problem) => Err(Arc::new(Fault::unavailable(problem))),
        }
    }
}

/// Whether an error is the reason that the look-up with this key found nothing. Errors that mean "not visible to this viewer"
/// do not count.
fn is_failure(error: &Value, key: &str) -> bool {
    let path = error.get("path").and_then(Value::as_array);
    // An error without a path may concern any look-up.
    let is_about = path.is_none_or(|path| path.first().is_none_or(|first| first == key));
    is_about && !is_not_visible(code(error))
}

fn code(error: &Value) -> &str {
    let code = error.pointer("/extensions/code");
    code.and_then(Value::as_str).unwrap_or_default()
}

/// Whether a code means that the viewer may not see the node.
fn is_not_visible(code: &str) -> bool {
    matches!(code, "UNAUTHENTICATED" | "FORBIDDEN" | "NOT_A_PARTICIPANT")
        || code.ends_with("NOT_FOUND")
}

#[cfg(test)]
mod tests {
    use hive_router::query_planner::utils::parsing::parse_operation;

    use super::*;
    use crate::supergraph::{COMMITTED, Supergraph};

    fn id(number: u128) -> Uuid {
        Uuid::from_u128(number)
    }

    fn results(status: u16, body: &Value) -> Vec<Result<Option<Kind>, &'static str>> {
        let response = LoopbackResponse {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.to_string(),
        };
        let found = parse_response(&[id(1), id(2)], Ok(response));
        let ids: Vec<_> = found.iter().map(|(id, _)| *id).collect();
        assert_eq!(ids, [id(1), id(2)]);
        found
            .into_iter()
            .map(|(_, found)| found.map_err(|fault| fault.code()))
            .collect()
    }

    fn error(code: &str, path: &Value) -> Value {
        json!({ "message": "m", "path": path, "extensions": { "code": code } })
    }

    const THERE: &str = r#"{ "__typename": "T" }"#;

    #[test]
    fn id_has_the_kind_whose_field_finds_it() {
        for kind in Kind::ALL {
            let there: Value = serde_json::from_str(THERE).unwrap();
            let data = json!({ format!("{}1", kind.query()): there, "user0": null });
            let expected = vec![Ok(None), Ok(Some(kind))];
            assert_eq!(results(200, &json!({ "data": data })), expected);
        }
    }

    #[test]
    fn node_that_the_viewer_may_not_see_is_null() {
        for code in [
            "UNAUTHENTICATED",
            "FORBIDDEN",
            "NOT_A_PARTICIPANT",
            "CONVERSATION_NOT_FOUND",
        ] {
            let errors = [error(code, &json!(["conversation0"]))];
            let answer = json!({ "data": { "conversation0": null }, "errors": errors });
            assert_eq!(results(200, &answer), [Ok(None), Ok(None)], "{code}");
        }
    }

    #[test]
    fn failed_service_leaves_only_unfound_ids_open() {
        let errors = [
            error("SERVICE_UNAVAILABLE", &json!(["user0"])),
            error("SERVICE_UNAVAILABLE", &json!(["user1"])),
        ];
        let there: Value = serde_json::from_str(THERE).unwrap();
        let answer =
            json!({ "data": { "user0": null, "user1": null, "post1": there }, "errors": errors });
        assert_eq!(
            results(200, &answer),
            [Err("SERVICE_UNAVAILABLE"), Ok(Some(Kind::Post))]
        );
    }

    #[test]
    fn error_without_a_path_leaves_all_ids_open() {
        for path in [Value::Null, json!([])] {
            let answer = json!({ "data": {}, "errors": [error("INTERNAL", &path)] });
            let open = Err("SERVICE_UNAVAILABLE");
            assert_eq!(results(200, &answer), [open, open], "{path}");
        }
    }

    #[test]
    fn failed_request_leaves_all_ids_open() {
        let refused =
            json!({ "errors": [{ "message": "m", "extensions": { "code": "RATE_LIMITED" } }] });
        let open = Err("SERVICE_UNAVAILABLE");
        for (status, body) in [
            (429, refused.clone()),
            (200, refused),
            (200, json!("nonsense")),
            (500, json!({ "data": {} })),
            (200, json!({ "data": null })),
        ] {
            assert_eq!(results(status, &body), [open, open], "{status} {body}");
        }
    }

    #[test]
    fn query_stays_within_the_limits() {
        let ids: Vec<_> = (0..200).map(id).collect();
        for limits in [
            Limits::default(),
            Limits {
                aliases: 10_000,
                ..Limits::default()
            },
            Limits {
                aliases: 10_000,
                tokens: 10_000,
                ..Limits::default()
            },
        ] {
            let max = max_ids(&limits);
            let body: Value = serde_json::from_str(&request_body(&ids[..max])).unwrap();
            let query = body["query"].as_str().unwrap();
            let names = |char: char| !char.is_ascii_alphanumeric() && char != '_';
            let tokens = query.split(names).filter(|word| !word.is_empty()).count()
                + query
                    .chars()
                    .filter(|char| "$:!(){}".contains(*char))
                    .count();
            assert!(max > 1 && tokens <= limits.tokens, "{tokens}");
            assert!(query.matches("__typename").count() <= limits.aliases);
            assert!(query.matches("__typename").count() * 2 <= limits.fields);
        }
        let tight = Limits {
            aliases: 1,
            ..Limits::default()
        };
        assert_eq!(super::max_ids(&tight), 1);
    }

    /// The committed supergraph has a field by ID for each kind, and each field by ID belongs to a kind.
    #[test]
    fn every_kind_has_a_field_by_id() {
        let supergraph = Supergraph::parse(COMMITTED.to_owned()).unwrap();
        let schema = &supergraph.consumer().document;
        let mut by_id: Vec<(String, String)> = schema
            .query_type()
            .fields
            .iter()
            .filter(|field| field.name != "node")
            .filter(|field| field.arguments.len() == 1 && field.arguments[0].name == "id")
            .map(|field| (field.name.clone(), field.field_type.to_string()))
            .collect();
        by_id.sort();
        let mut kinds =
            Kind::ALL.map(|kind| (kind.query().to_owned(), kind.type_name().to_owned()));
        kinds.sort();
        assert_eq!(by_id, kinds);
        let body: Value = serde_json::from_str(&request_body(&[id(1)])).unwrap();
        parse_operation(body["query"].as_str().unwrap());
    }
}
