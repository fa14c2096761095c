//! How a stream is written, in the two ways that clients read one.

use std::time::Duration;

use crate::live::problem::Problem;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Server-sent events, in the distinct connections mode of graphql-sse:
    /// <https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md>.
    Events,
    /// <https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol>.
    Multipart,
}

impl Format {
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::Events => "text/event-stream",
            Self::Multipart => r#"multipart/mixed;boundary="graphql";subscriptionSpec=1.0"#,
        }
    }

    /// How often something is said although there is nothing to say.
    pub(super) fn pause(self) -> Duration {
        match self {
            Self::Events => Duration::from_secs(15),
            Self::Multipart => Duration::from_secs(10),
        }
    }

    /// The beginning, by which a client knows that it is subscribed.
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

    /// The end of a stream that is over for a reason.
    pub(super) fn end(self, problem: &Problem) -> String {
        let last = match self {
            Self::Events => self.next(&problem.body()),
            // Not an error of an event but of the stream.
            Self::Multipart => part(&format!(
                r#"{{"payload":null,"errors":{}}}"#,
                problem.list()
            )),
        };
        last + self.complete()
    }

    pub(super) fn complete(self) -> &'static str {
        match self {
            // Without data browsers do not tell of an event.
            Self::Events => "event: complete\ndata:\n\n",
            Self::Multipart => "--\r\n",
        }
    }
}

/// A part and the boundary behind it, for which clients wait before they read the part.
fn part(json: &str) -> String {
    format!("\r\ncontent-type: application/json\r\n\r\n{json}\r\n--graphql")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_of_events_is_what_an_event_source_reads() {
        let format = Format::Events;
        let written = format.begin() + &format.next("{}") + format.complete();
        let expected = ":\n\nevent: next\ndata: {}\n\nevent: complete\ndata:\n\n";
        assert_eq!(written, expected);
    }

    #[test]
    fn a_multipart_stream_is_what_apollo_reads() {
        let format = Format::Multipart;
        let written = format.begin()
            + &format.heartbeat()
            + &format.next("{}")
            + &format.end(&Problem::expired());
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
