//! Cross-origin resource sharing: an allow-list, the same on every path and for every kind of answer, so that a browser
//! client can read a 401 as well as a 200.

use hive_router::ntex::http::{
    HeaderMap, Method, RequestHead, Response, StatusCode,
    header::{self, HeaderValue},
};

/// Those of the REST API; the graph takes the first two.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
/// Seconds that a browser may keep the answer to a preflight.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");
/// What a client acts on or shows. Others that it may need, such as `cache-control`, are always readable.
const EXPOSED: HeaderValue = HeaderValue::from_static(
    "x-trace-id, retry-after, ratelimit, ratelimit-policy, www-authenticate",
);

/// The origins whose pages may read our answers.
pub(crate) struct Cors {
    origins: Vec<String>,
}

impl Cors {
    pub(crate) fn new(origins: Vec<String>) -> Self {
        Self { origins }
    }

    /// The answer to a preflight request (Fetch, 4.8), if it is one. Whether it allows anything is in the headers that
    /// [`Cors::apply`] adds.
    pub(crate) fn preflight(&self, request: &RequestHead) -> Option<Response> {
        let is_preflight = request.method == Method::OPTIONS
            && request.headers.contains_key(header::ORIGIN)
            && request
                .headers
                .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        if !is_preflight {
            return None;
        }
        let mut response = Response::new(StatusCode::NO_CONTENT);
        if self.allows(request.headers.get(header::ORIGIN)) {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
            headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
            // An origin that may send anything at all may send any header.
            if let Some(asked) = request.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, asked.clone());
            }
        }
        Some(response)
    }

    /// Allows an origin of the list to read an answer. Credentials are not allowed: tokens travel in a header.
    pub(crate) fn apply(&self, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(origin) = origin.filter(|origin| self.allows(Some(origin))) {
            headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
            headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
        }
    }

    fn allows(&self, origin: Option<&HeaderValue>) -> bool {
        origin
            .and_then(|origin| origin.to_str().ok())
            .is_some_and(|origin| self.origins.iter().any(|allowed| allowed == origin))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer_to(origin: &'static str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        Cors::new(vec!["https://app.example.com".to_owned()])
            .apply(Some(&HeaderValue::from_static(origin)), &mut headers);
        headers
    }

    #[test]
    fn an_allowed_origin_may_read_the_answer() {
        let headers = answer_to("https://app.example.com");
        assert_eq!(
            headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN).unwrap(),
            "https://app.example.com"
        );
        assert!(!headers.contains_key(header::ACCESS_CONTROL_ALLOW_CREDENTIALS));
    }

    #[test]
    fn no_other_origin_may_and_null_is_one_of_them() {
        for other in [
            "https://evil.example.com",
            "https://app.example.com.evil.com",
            "null",
            "*",
            "",
        ] {
            let headers = answer_to(other);
            assert!(
                !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN),
                "{other}"
            );
            assert_eq!(
                headers.get(header::VARY).unwrap(),
                "origin",
                "caches must tell origins apart"
            );
        }
    }

    #[test]
    fn without_a_list_nothing_is_said() {
        let mut headers = HeaderMap::new();
        Cors::new(Vec::new()).apply(
            Some(&HeaderValue::from_static("https://app.example.com")),
            &mut headers,
        );
        assert!(headers.is_empty());
    }
}
