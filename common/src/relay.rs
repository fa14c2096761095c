//! What the router and a service say to one another about live streams: many streams of references to events over one
//! WebSocket, at [`PATH`] of the service.
//!
//! A stream is pulled. The service sends one batch, at most [`MAX_BATCH`] events, and the next one only when the router has
//! asked for [`Request::More`], which it does when its client has taken the batch. So nothing piles up for a client
//! that is slow: what it has not been sent is in the database. Each batch says the position behind it, from which the
//! stream can be opened again, at this process or another one, with neither a gap nor a repetition.
//!
//! Frames are text, each a JSON object: `{"open": {…}}`, `{"batch": {…}}` and so on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Where a service takes such a WebSocket. Like everything under `/internal` it is not for clients; a stream is opened
/// with the token of the client that it is for.
pub const PATH: &str = "/internal/streams";

/// How many events a batch has at most.
pub const MAX_BATCH: usize = 16;

/// What the router says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Opens a stream; asks for its first batch as well.
    Open(Open),
    /// The last batch has been delivered: asks for the next one.
    More { id: u64 },
    /// The client is gone. Nothing more is said of this stream.
    Close { id: u64 },
}

/// A stream to be opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    /// Chosen by the router, and not chosen again on this connection.
    pub id: u64,
    /// The value of the client's `Authorization` header: `Bearer …`.
    pub authorization: String,
    /// The field of `Subscription`.
    pub field: String,
    /// The values of its arguments; one that is left out is not given.
    pub arguments: BTreeMap<String, Value>,
    /// A position that an earlier stream with this field, these arguments and this viewer had. Without one the stream begins
    /// where its arguments say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
}

/// What the service says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The stream is open: everything that comes after this position will be in its batches.
    Opened { id: u64, position: String },
    /// What has happened, oldest first.
    Batch {
        id: u64,
        /// Ids, each that of an entity of the type that the field has.
        events: Vec<String>,
        /// Behind these events.
        position: String,
    },
    /// The stream was refused or is over, with what the client is to be told.
    Closed {
        id: u64,
        /// As in the error envelope; `SERVICE_UNAVAILABLE` when it may be opened again in a moment.
        code: String,
        message: String,
    },
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn frames_are_objects_with_one_member() {
        let open = Request::Open(Open {
            id: 7,
            authorization: "Bearer x".to_owned(),
            field: "ticked".to_owned(),
            arguments: [("every".to_owned(), json!(5))].into(),
            position: None,
        });
        let written = json!({"open": {"id": 7, "authorization": "Bearer x", "field": "ticked", "arguments": {"every": 5}}});
        assert_eq!(serde_json::to_value(&open).unwrap(), written);
        assert_eq!(serde_json::from_value::<Request>(written).unwrap(), open);
        let more = json!({"more": {"id": 7}});
        assert_eq!(serde_json::to_value(Request::More { id: 7 }).unwrap(), more);
        let batch = json!({"batch": {"id": 7, "events": ["a"], "position": "3"}});
        let read: Reply = serde_json::from_value(batch).unwrap();
        assert_eq!(
            read,
            Reply::Batch {
                id: 7,
                events: vec!["a".to_owned()],
                position: "3".to_owned()
            }
        );
    }
}
