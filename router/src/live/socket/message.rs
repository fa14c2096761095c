//! The messages of graphql-transport-ws, <https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md>.

use serde::Deserialize;
use serde_json::Value;

use crate::request::ClientError;

/// Name of the subprotocol in the handshake.
pub(super) const PROTOCOL: &str = "graphql-transport-ws";

pub(super) const ACKNOWLEDGED: &str = r#"{"type":"connection_ack"}"#;

/// A message of a client.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    ConnectionInit {
        #[serde(default)]
        payload: Value,
    },
    Ping {
        #[serde(default)]
        payload: Value,
    },
    Pong {},
    Subscribe {
        id: String,
        payload: Value,
    },
    Complete {
        id: String,
    },
}

pub(super) fn pong(payload: &Value) -> String {
    if payload.is_null() {
        return r#"{"type":"pong"}"#.to_owned();
    }
    format!(r#"{{"type":"pong","payload":{payload}}}"#)
}

/// A response to an operation; `response` is JSON.
pub(super) fn next(id: &str, response: &str) -> String {
    let id = Value::from(id);
    format!(r#"{{"id":{id},"type":"next","payload":{response}}}"#)
}

pub(super) fn complete(id: &str) -> String {
    let id = Value::from(id);
    format!(r#"{{"id":{id},"type":"complete"}}"#)
}

/// Ends an operation with errors.
pub(super) fn error(id: &str, error: &ClientError) -> String {
    let (id, list) = (Value::from(id), error.error_list());
    format!(r#"{{"id":{id},"type":"error","payload":{list}}}"#)
}

/// The `Authorization` value of a `connection_init` payload, in the places where clients put it. An empty value counts as none,
/// because some clients build it before they have a token.
pub(super) fn authorization(payload: &Value) -> Option<&str> {
    let found = in_object(payload).or_else(|| in_object(payload.get("headers")?));
    // A value that is not a string is an invalid token, not a missing one.
    found
        .map(|value| value.as_str().unwrap_or("?").trim())
        .filter(|text| !text.is_empty())
}

fn in_object(object: &Value) -> Option<&Value> {
    let entries = object.as_object()?.iter();
    let mut values = entries.filter(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    values
        .next()
        .map(|(_, value)| value)
        .filter(|value| !value.is_null())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn finds_the_token_where_clients_put_it() {
        for payload in [
            json!({ "Authorization": "Bearer x" }),
            json!({ "authorization": " Bearer x " }),
            json!({ "headers": { "AUTHORIZATION": "Bearer x" } }),
            json!({ "authorization": null, "headers": { "Authorization": "Bearer x" } }),
        ] {
            assert_eq!(authorization(&payload), Some("Bearer x"), "{payload}");
        }
        for payload in [
            json!(null),
            json!({}),
            json!({ "Authorization": "" }),
            json!({ "headers": null }),
            json!({ "token": "Bearer x" }),
        ] {
            assert_eq!(authorization(&payload), None, "{payload}");
        }
        assert_eq!(
            authorization(&json!({ "Authorization": 3 })),
            Some("?"),
            "refused"
        );
    }

    #[test]
    fn escapes_operation_ids() {
        let id = "a\"\n";
        for text in [
            next(id, "{}"),
            complete(id),
            error(id, &ClientError::token_expired()),
        ] {
            let message: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(message["id"], id);
        }
        assert_eq!(
            pong(&json!({ "a": 1 })),
            r#"{"type":"pong","payload":{"a":1}}"#
        );
    }
}
