//! The question what ids are of, and what the graph says to it.
//!
//! One operation asks for several ids. Each is looked for as every kind of thing, by the field of `Query` that has one by
//! its id; at most one finds it.

use std::{collections::HashMap, fmt::Write, sync::Arc};

use common::error::Fault;
use nodes::{Found, Kind};
use reqwest::StatusCode;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::{inside::Said, limits::Limits};

/// What one id takes of an operation: a look-up of three selections' worth for each kind, counted generously.
const ALIASES: usize = Kind::ALL.len();
const FIELDS: usize = 2 * Kind::ALL.len();
const TOKENS: usize = 5 + 13 * Kind::ALL.len();
/// The operation around them.
const TOKENS_AROUND: usize = 10;

/// How many ids one operation may ask about within the limits that it has to pass like any other.
pub(super) fn most(limits: &Limits) -> usize {
    let by_tokens = limits.tokens.saturating_sub(TOKENS_AROUND) / TOKENS;
    let by_size = (limits.aliases / ALIASES).min(limits.fields / FIELDS);
    by_size.min(by_tokens).max(1)
}

/// The request. As many ids make the same document, so that the engine plans it once.
pub(super) fn body(ids: &[Uuid]) -> String {
    let mut variables = Map::new();
    let (mut definitions, mut fields) = (String::new(), String::new());
    for (number, id) in ids.iter().enumerate() {
        variables.insert(format!("i{number}"), json!(id));
        // Writing to a String cannot fail.
        let _ = write!(definitions, "$i{number}: ID! ");
        for kind in Kind::ALL {
            look_up(&mut fields, kind, number);
        }
    }
    let query = document(&definitions, &fields);
    json!({ "query": query, "variables": variables }).to_string()
}

/// The document of the question about one id.
pub(crate) fn question() -> String {
    let mut fields = String::new();
    for kind in Kind::ALL {
        look_up(&mut fields, kind, 0);
    }
    document("$i0: ID! ", &fields)
}

fn document(definitions: &str, fields: &str) -> String {
    format!("query WhatIs({definitions}) {{ {fields}}}")
}

fn look_up(fields: &mut String, kind: Kind, number: usize) {
    // Writing to a String cannot fail.
    let _ = write!(
        fields,
        "{}: {}(id: $i{number}) {{ __typename }} ",
        key(kind, number),
        kind.query()
    );
}

/// The name of a look-up in the answer.
fn key(kind: Kind, number: usize) -> String {
    format!("{}{number}", kind.query())
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Option<HashMap<String, Option<IgnoredAny>>>,
    #[serde(default)]
    errors: Vec<Value>,
}

/// What the answer says of each id.
pub(super) fn read(ids: &[Uuid], said: Result<Said, reqwest::Error>) -> Vec<(Uuid, Found)> {
    let answer = said
        .map_err(Fault::unavailable)
        .and_then(|said| parse(&said));
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

fn parse(said: &Said) -> Result<Answer, Fault> {
    let answer: Answer = serde_json::from_str(&said.body).map_err(Fault::unavailable)?;
    if said.status != StatusCode::OK || answer.data.is_none() {
        let first = answer.errors.first().map(code).unwrap_or_default();
        return Err(Fault::unavailable(format!(
            "the graph says {} {first}",
            said.status
        )));
    }
    Ok(answer)
}

impl Answer {
    /// Of the id with this number. When nobody has it and somebody did not say, it may well be theirs.
    fn of(&self, number: usize) -> Found {
        let data = self.data.as_ref();
        let is_there = |kind: &Kind| {
            let field = data.and_then(|data| data.get(&key(*kind, number)));
            field.is_some_and(Option::is_some)
        };
        if let Some(kind) = Kind::ALL.into_iter().find(is_there) {
            return Ok(Some(kind));
        }
        let silent = Kind::ALL.into_iter().find_map(|kind| {
            let key = key(kind, number);
            let mut errors = self.errors.iter();
            let code = errors.find(|error| is_silence(error, &key)).map(code)?;
            Some(format!("`{}` says {code}", kind.query()))
        });
        match silent {
            None => Ok(None),
            Some(problem) => Err(Arc::new(Fault::unavailable(problem))),
        }
    }
}

/// Whether an error is why the look-up with this key found nothing, and anything else than that there is nothing for this
/// viewer.
fn is_silence(error: &Value, key: &str) -> bool {
    let path = error.get("path").and_then(Value::as_array);
    // One without a path may be about any of them.
    let is_about = path.is_none_or(|path| path.first().is_none_or(|first| first == key));
    is_about && !is_for_others(code(error))
}

fn code(error: &Value) -> &str {
    let code = error.pointer("/extensions/code");
    code.and_then(Value::as_str).unwrap_or_default()
}

/// That something is not for this viewer, or for nobody without a token: to them it is not there.
fn is_for_others(code: &str) -> bool {
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

    fn found(status: u16, body: &Value) -> Vec<Result<Option<Kind>, &'static str>> {
        let said = Said {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.to_string(),
        };
        let found = read(&[id(1), id(2)], Ok(said));
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
    fn an_id_is_of_what_it_is_found_as() {
        for kind in Kind::ALL {
            let there: Value = serde_json::from_str(THERE).unwrap();
            let data = json!({ format!("{}1", kind.query()): there, "user0": null });
            let expected = vec![Ok(None), Ok(Some(kind))];
            assert_eq!(found(200, &json!({ "data": data })), expected);
        }
    }

    #[test]
    fn what_is_not_for_the_viewer_is_not_there() {
        for code in [
            "UNAUTHENTICATED",
            "FORBIDDEN",
            "NOT_A_PARTICIPANT",
            "CONVERSATION_NOT_FOUND",
        ] {
            let errors = [error(code, &json!(["conversation0"]))];
            let answer = json!({ "data": { "conversation0": null }, "errors": errors });
            assert_eq!(found(200, &answer), [Ok(None), Ok(None)], "{code}");
        }
    }

    #[test]
    fn when_somebody_does_not_answer_nobody_can_tell_but_of_what_another_has() {
        let errors = [
            error("SERVICE_UNAVAILABLE", &json!(["user0"])),
            error("SERVICE_UNAVAILABLE", &json!(["user1"])),
        ];
        let there: Value = serde_json::from_str(THERE).unwrap();
        let answer =
            json!({ "data": { "user0": null, "user1": null, "post1": there }, "errors": errors });
        assert_eq!(
            found(200, &answer),
            [Err("SERVICE_UNAVAILABLE"), Ok(Some(Kind::Post))]
        );
    }

    #[test]
    fn an_error_of_no_place_in_particular_leaves_everything_open() {
        for path in [Value::Null, json!([])] {
            let answer = json!({ "data": {}, "errors": [error("INTERNAL", &path)] });
            let open = Err("SERVICE_UNAVAILABLE");
            assert_eq!(found(200, &answer), [open, open], "{path}");
        }
    }

    #[test]
    fn no_answer_is_not_a_no() {
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
            assert_eq!(found(status, &body), [open, open], "{status} {body}");
        }
    }

    #[test]
    fn a_question_keeps_within_the_limits() {
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
            let most = most(&limits);
            let body: Value = serde_json::from_str(&body(&ids[..most])).unwrap();
            let query = body["query"].as_str().unwrap();
            let names = |char: char| !char.is_ascii_alphanumeric() && char != '_';
            let tokens = query.split(names).filter(|word| !word.is_empty()).count()
                + query
                    .chars()
                    .filter(|char| "$:!(){}".contains(*char))
                    .count();
            assert!(most > 1 && tokens <= limits.tokens, "{tokens}");
            assert!(query.matches("__typename").count() <= limits.aliases);
            assert!(query.matches("__typename").count() * 2 <= limits.fields);
        }
        let tight = Limits {
            aliases: 1,
            ..Limits::default()
        };
        assert_eq!(super::most(&tight), 1);
    }

    /// The graph that we serve has the fields that we ask it for, and everything with an id that one can ask for is a node.
    #[test]
    fn every_kind_can_be_asked_for_by_its_id() {
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
        let body: Value = serde_json::from_str(&body(&[id(1)])).unwrap();
        parse_operation(body["query"].as_str().unwrap());
    }
}
