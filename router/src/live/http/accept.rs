//! In what a client would like an answer.

use hive_router::ntex::http::{HeaderMap, header};

use super::format::Format;

/// What `Accept` says of streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accept {
    /// The first kind of stream that is named.
    pub(super) stream: Format,
    /// Whether an answer in one piece would do.
    pub(super) takes_json: bool,
}

impl Accept {
    /// Nothing if the client names no stream.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let (mut stream, mut takes_json) = (None, false);
        let values = headers.get_all(header::ACCEPT);
        let ranges = values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','));
        for range in ranges {
            let mut parts = range.split(';').map(str::trim);
            let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
            let named = match media_type.as_str() {
                "text/event-stream" => Some(Format::Events),
                // Without it, it is another protocol: that of incremental delivery.
                "multipart/mixed" if parts.any(is_of_subscriptions) => Some(Format::Multipart),
                "application/json"
                | "application/graphql-response+json"
                | "application/*"
                | "*/*" => {
                    takes_json = true;
                    None
                }
                _ => None,
            };
            stream = stream.or(named);
        }
        let stream = stream?;
        Some(Self { stream, takes_json })
    }
}

fn is_of_subscriptions(parameter: &str) -> bool {
    let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
    name.trim().eq_ignore_ascii_case("subscriptionSpec")
        && value.trim().trim_matches('"').starts_with("1.")
}

#[cfg(test)]
mod tests {
    use hive_router::ntex::http::header::HeaderValue;

    use super::*;

    fn of(text: &str) -> Option<(Format, bool)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(text).unwrap());
        Accept::of(&headers).map(|accept| (accept.stream, accept.takes_json))
    }

    #[test]
    fn the_first_stream_that_is_named_is_taken() {
        let apollo =
            r#"multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json"#;
        assert_eq!(of(apollo), Some((Format::Multipart, true)));
        assert_eq!(of("text/event-stream"), Some((Format::Events, false)));
        let urql = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";
        assert_eq!(of(urql), Some((Format::Events, true)));
        assert_eq!(
            of("multipart/mixed; SubscriptionSpec=1.0, text/event-stream"),
            Some((Format::Multipart, false))
        );
    }

    #[test]
    fn other_answers_are_no_streams() {
        for text in [
            "application/json",
            "*/*",
            "multipart/mixed; deferSpec=20220824, application/json",
            "multipart/mixed;subscriptionSpec=2.0",
            "text/html",
        ] {
            assert_eq!(of(text), None, "{text}");
        }
    }
}
