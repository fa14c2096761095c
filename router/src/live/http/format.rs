//! The two wire formats of a streamed response.

use std::time::Duration;

use crate::request::ClientError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StreamFormat {
    /// Server-sent events, in the distinct connections mode of graphql-sse:
    /// <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>.
    Events,
    /// <https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>.
    Multipart,
}

impl StreamFormat {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Multipart => r#"multipart/mixed;boundary="graphql";subscriptionSpec=1.0"#,
        }
    }

    pub(super) fn heartbeat_interval(self) -> Duration {
        match self {
            Self::Events => Duration::from_secs(15),
            Self::Multipart => Duration::from_secs(10),
        }
    }

    /// The first bytes, which tell a client that it is subscribed.
    pub(super) fn begin(self) -> String {
        match self {
            Self::Events => ":\n\n".to_owned(),
            Self::Multipart => "\r\n--graphql".to_owned(),
        }
    }

    pub(super) fn heartbeat(self) -> String {
        match self {
            Self::Events => ":\n\n".to_owned(),
            Self::Multipart => part("{}"),
        }
    }

    /// A GraphQL response.
    pub(super) fn next(self, response: &str) -> String {
        match self {
            Self::Events => format!("event: next\ndata: {response}\n\n"),
            Self::Multipart => part(&format!(r#"{{"payload":{response}}}"#)),
        }
    }

    /// Ends a stream with an error.
    pub(super) fn end(self, error: &ClientError) -> String {
        let last = match self {
            Self::Events => self.next(&error.body()),
            // An error of the stream, not of an event.
            Self::Multipart => part(&format!(
                r#"{{"payload":null,"errors":{}}}"#,
                error.error_list()
            )),
        };
        last + self.complete()
    }

    pub(super) fn complete(self) -> &'static str {
        match self {
            // Browsers ignore an event without data.
            Self::Events => "event: complete\ndata:\n\n",
            Self::Multipart => "--\r\n",
        }
    }
}

/// A part and the boundary after it: clients parse a part once they have read its boundary.
fn part(json: &str) -> String {
    format!("\r\ncontent-type: application/json\r\n\r\n{json}\r\n--graphql")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_server_sent_events() {
        let format = StreamFormat::Events;
        let written = format.begin() + &format.next("{}") + format.complete();
        let expected = ":\n\nevent: next\ndata: {}\n\nevent: complete\ndata:\n\n";
        assert_eq!(written, expected);
    }

    #[test]
    fn writes_multipart_for_apollo() {
        let format = StreamFormat::Multipart;
        let written = format.begin()
            + &format.heartbeat()
            + &format.next("{}")
            + &format.end(&ClientError::token_expired());
        // Its client cuts at this, and reads each piece from its first empty line.
        let parts: Vec<&str> = written.split("\r\n--graphql").collect();
        let bodies = parts[1..4]
            .iter()
            .map(|part| part.split_once("\r\n\r\n").unwrap().1);
        let bodies: Vec<serde_json::Value> = bodies
            .map(|body| serde_json::from_str(body).unwrap())
            .collect();
        assert_eq!(bodies[0], serde_json::json!({}));
        assert_eq!(bodies[1], serde_json::json!({ "payload": {} }));
        assert_eq!(bodies[2]["payload"], serde_json::Value::Null);
        assert_eq!(
            bodies[2]["errors"][0]["extensions"]["code"],
            "UNAUTHENTICATED"
        );
        assert_eq!((parts.len(), parts[4]), (5, "--\r\n"));
    }
}
