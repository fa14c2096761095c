//! Answers that the router gives itself, in the two shapes that clients know.

use hive_router::ntex::http::{
    HeaderMap, Response, StatusCode,
    header::{self, HeaderValue},
};
use http::HeaderName;
use serde_json::{Value, json};

use crate::edge::TraceId;

const JSON: &str = "application/json; charset=utf-8";
const GRAPHQL_JSON: &str = "application/graphql-response+json; charset=utf-8";

/// A request that goes no further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    /// What is wrong and what would be right.
    pub(crate) message: String,
    /// What the status asks for besides, such as `Allow` for 405.
    pub(crate) header: Option<(HeaderName, &'static str)>,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            status,
            code,
            message: message.into(),
            header: None,
        }
    }

    #[must_use]
    pub(crate) fn with(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
    }

    /// As a response without `data`, in the media type the client asks for (GraphQL over HTTP, 6.4).
    pub(crate) fn graphql(&self, request: &HeaderMap) -> Response {
        let body =
            json!({ "errors": [{ "message": self.message, "extensions": { "code": self.code } }] });
        self.respond(graphql_media_type(request), &body)
    }

    /// As the error envelope of the REST API.
    pub(crate) fn rest(&self, trace_id: &TraceId) -> Response {
        let error =
            json!({ "code": self.code, "message": self.message, "trace_id": trace_id.as_str() });
        self.respond(JSON, &json!({ "error": error }))
    }

    fn respond(&self, media_type: &'static str, body: &Value) -> Response {
        let mut response = Response::with_body(self.status, body.to_string().into());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = &self.header {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
        response
    }
}

/// A small JSON answer with status 200.
pub(crate) fn ok(body: &Value) -> Response {
    let mut response = Response::with_body(StatusCode::OK, body.to_string().into());
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(JSON));
    response
}

/// The media type that a client asks for a GraphQL response in.
pub(crate) fn graphql_media_type(request: &HeaderMap) -> &'static str {
    let asks = request
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/graphql-response+json"));
    if asks { GRAPHQL_JSON } else { JSON }
}
