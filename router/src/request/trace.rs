//! Trace context and request ID of a request.

use common::trace::TraceContext;
use hive_router::ntex::http::{HeaderMap, header::HeaderValue};
use http::HeaderName;

pub(crate) const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
/// Request ID, chosen by the client or by the router. It is in every log line about the request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Trace ID of a request: 32 hexadecimal digits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct TraceId(String);

impl TraceId {
    /// Keeps a well-formed `traceparent` and `x-request-id`, and replaces missing or malformed ones. The engine logs both and
    /// forwards both to the subgraphs.
    pub(crate) fn begin(headers: &mut HeaderMap) -> Self {
        let received = headers
            .get(TRACEPARENT)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned();
        let mut incoming = http::HeaderMap::new();
        if let Ok(value) = http::HeaderValue::from_str(&received) {
            incoming.insert(TRACEPARENT, value);
        }
        let context = TraceContext::of(&incoming);
        let id = context.trace_id().to_owned();
        // The caller's own header stays as it is, so that spans of the engine hang below the caller's.
        if !received.contains(&id) {
            set(headers, TRACEPARENT, &context.traceparent());
        }
        if !headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .is_some_and(is_request_id)
        {
            set(headers, REQUEST_ID, &id);
        }
        Self(id)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

fn set(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    // Both values are made of hexadecimal digits and dashes, which a header can always carry.
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// Whether a request ID is short and free of characters with a meaning in logs or headers.
fn is_request_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text.bytes().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'+' | b'/' | b'=')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
        headers.get(name).unwrap().to_str().unwrap()
    }

    #[test]
    fn request_without_trace_starts_one() {
        let mut headers = HeaderMap::new();
        let id = TraceId::begin(&mut headers);
        assert!(text(&headers, "traceparent").starts_with(&format!("00-{}-", id.as_str())));
        assert_eq!(text(&headers, "x-request-id"), id.as_str());
    }

    #[test]
    fn continues_the_trace_of_the_caller() {
        let mut headers = HeaderMap::new();
        let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        set(&mut headers, TRACEPARENT, parent);
        set(&mut headers, REQUEST_ID, "order-4711");
        assert_eq!(
            TraceId::begin(&mut headers).as_str(),
            "0af7651916cd43dd8448eb211c80319c"
        );
        assert_eq!(text(&headers, "traceparent"), parent);
        assert_eq!(text(&headers, "x-request-id"), "order-4711");
    }

    #[test]
    fn replaces_malformed_values() {
        for bad in ["00-zz", "", "\"}{", "a b"] {
            let mut headers = HeaderMap::new();
            set(&mut headers, TRACEPARENT, bad);
            set(&mut headers, REQUEST_ID, bad);
            let id = TraceId::begin(&mut headers);
            assert!(text(&headers, "traceparent").contains(id.as_str()), "{bad}");
            assert!(is_request_id(text(&headers, "x-request-id")), "{bad}");
        }
    }
}
