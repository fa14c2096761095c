//! Parses the `Accept` header for stream formats.

use hive_router::ntex::http::{HeaderMap, header};

use super::format::StreamFormat;

/// Stream preferences of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accept {
    /// The first stream format in the header.
    pub(super) stream: StreamFormat,
    /// Whether the client accepts JSON as well.
    pub(super) takes_json: bool,
}

impl Accept {
    /// `None` if the client accepts no stream format.
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
                "text/event-stream" => Some(StreamFormat::Events),
                // Without this parameter it is the protocol of incremental delivery.
                "multipart/mixed" if parts.any(is_of_subscriptions) => {
                    Some(StreamFormat::Multipart)
                }
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

    fn of(text: &str) -> Option<(StreamFormat, bool)> {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(text).unwrap());
        Accept::of(&headers).map(|accept| (accept.stream, accept.takes_json))
    }

    #[test]
    fn picks_the_first_stream_format() {
        let apollo =
            r#"multipart/mixed;boundary="graphql";subscriptionSpec="1.0", application/json"#;
        assert_eq!(of(apollo), Some((StreamFormat::Multipart, true)));
        assert_eq!(of("text/event-stream"), Some((StreamFormat::Events, false)));
        let urql = "application/graphql-response+json, application/json, text/event-stream, multipart/mixed";
        assert_eq!(of(urql), Some((StreamFormat::Events, true)));
        assert_eq!(
            of("multipart/mixed; SubscriptionSpec=1.0, text/event-stream"),
            Some((StreamFormat::Multipart, false))
        );
    }

    #[test]
    fn ignores_other_media_types() {
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
