//! The errors that the router itself answers with, and their three renderings: a GraphQL response, the REST envelope and
//! the error list of a stream.

use common::{
    auth::unauthenticated,
    error::{Error, Fault},
};
use hive_router::ntex::http::{
    HeaderMap, Response, StatusCode,
    header::{self, HeaderValue},
};
use http::HeaderName;
use serde_json::{Value, json};

use super::TraceId;
use crate::graphql::SizeError;

const JSON: &str = "application/json; charset=utf-8";
const GRAPHQL_JSON: &str = "application/graphql-response+json; charset=utf-8";

/// Why a request is refused or a stream has ended, as the client is told.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ClientError {
    pub(crate) status: StatusCode,
    /// GraphQL errors; at least one.
    pub(crate) errors: Vec<Value>,
    /// A header that the status calls for, such as `Allow` for 405.
    header: Option<(HeaderName, &'static str)>,
}

impl ClientError {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let error = json!({ "message": message.into(), "extensions": { "code": code } });
        Self::with_errors(status, vec![error])
    }

    /// Errors that a service or the engine has formulated.
    pub(crate) fn with_errors(status: StatusCode, errors: Vec<Value>) -> Self {
        Self {
            status,
            errors,
            // RFC 9110, 15.5.2: a 401 must name the scheme.
            header: (status == StatusCode::UNAUTHORIZED)
                .then_some((header::WWW_AUTHENTICATE, "Bearer")),
        }
    }

    #[must_use]
    pub(crate) fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.header = Some((name, value));
        self
    }

    pub(crate) fn bad_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// A service or a part of the router does not answer; a retry may succeed.
    pub(crate) fn unavailable() -> Self {
        Fault::unavailable("a dependency").into()
    }

    pub(crate) fn unauthenticated() -> Self {
        let violation = unauthenticated();
        Self::new(
            StatusCode::UNAUTHORIZED,
            violation.code,
            violation.message.clone(),
        )
    }

    pub(crate) fn too_many_requests(message: &str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message)
    }

    /// Ends streams when this process stops; another one takes over.
    pub(crate) fn restart() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SERVICE_UNAVAILABLE",
            "The server restarts. Subscribe again, after the last event you have.",
        )
    }

    /// Ends a stream when its access token expires.
    pub(crate) fn token_expired() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "The access token has expired. Subscribe again with a new one, after the last event you have.",
        )
    }

    /// An error of a service, with the status that belongs to its code.
    pub(crate) fn of_service(code: &str, message: impl Into<String>) -> Self {
        Self::new(status_of(code), code, message)
    }

    /// Errors of a service. The first one decides the status.
    pub(crate) fn of_service_errors(errors: Vec<Value>) -> Self {
        let status = status_of(errors.first().map(code).unwrap_or_default());
        Self::with_errors(status, errors)
    }

    /// The errors as a JSON list, for messages of a stream.
    pub(crate) fn error_list(&self) -> String {
        Value::from(self.errors.clone()).to_string()
    }

    /// A GraphQL response body without `data`.
    pub(crate) fn body(&self) -> String {
        json!({ "errors": self.errors }).to_string()
    }

    /// A GraphQL response in the media type the client asks for (GraphQL over HTTP, 6.4).
    pub(crate) fn graphql(&self, request: &HeaderMap) -> Response {
        self.respond(graphql_media_type(request), self.body())
    }

    /// The error envelope of the REST API.
    pub(crate) fn rest(&self, trace_id: &TraceId) -> Response {
        let first = self.errors.first();
        let (code, message) = (
            first.map(code),
            first.and_then(|error| error.get("message")),
        );
        let error = json!({ "code": code, "message": message, "trace_id": trace_id.as_str() });
        self.respond(JSON, json!({ "error": error }).to_string())
    }

    fn respond(&self, media_type: &'static str, body: String) -> Response {
        let mut response = Response::with_body(self.status, body.into());
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some((name, value)) = &self.header {
            headers.insert(name.clone(), HeaderValue::from_static(value));
        }
        response
    }
}

impl From<Fault> for ClientError {
    fn from(fault: Fault) -> Self {
        let status = StatusCode::from_u16(fault.status().as_u16())
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self::new(status, fault.code(), fault.public_message())
    }
}

impl From<Error> for ClientError {
    /// For errors of token verification, the only ones that the router gets from `common`.
    fn from(error: Error) -> Self {
        match error {
            Error::Violation(violation) => {
                Self::new(StatusCode::UNAUTHORIZED, violation.code, violation.message)
            }
            Error::Fault(fault) => fault.into(),
        }
    }
}

impl From<SizeError> for ClientError {
    fn from(error: SizeError) -> Self {
        Self::bad_request(error.code(), error.to_string())
    }
}

fn status_of(code: &str) -> StatusCode {
    match code {
        "UNAUTHENTICATED" => StatusCode::UNAUTHORIZED,
        "RATE_LIMITED" => StatusCode::TOO_MANY_REQUESTS,
        "SERVICE_UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
        "INTERNAL" => StatusCode::INTERNAL_SERVER_ERROR,
        "FORBIDDEN" | "NOT_A_PARTICIPANT" | "EMAIL_NOT_VERIFIED" => StatusCode::FORBIDDEN,
        _ if code.ends_with("NOT_FOUND") => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    }
}

fn code(error: &Value) -> &str {
    let code = error.pointer("/extensions/code");
    code.and_then(Value::as_str).unwrap_or_default()
}

fn graphql_media_type(request: &HeaderMap) -> &'static str {
    let asks = request
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/graphql-response+json"));
    if asks { GRAPHQL_JSON } else { JSON }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_401_names_the_scheme() {
        for error in [
            ClientError::unauthenticated(),
            ClientError::token_expired(),
            ClientError::of_service("UNAUTHENTICATED", ""),
        ] {
            let response = error.graphql(&HeaderMap::new());
            let scheme = response.headers().get(header::WWW_AUTHENTICATE);
            assert_eq!(scheme.unwrap(), "Bearer");
        }
    }

    #[test]
    fn rest_envelope_has_code_message_and_trace() {
        let error = ClientError::bad_request("BAD_REQUEST", "Wrong.");
        let response = error.rest(&TraceId::default());
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers().get(header::CONTENT_TYPE).unwrap(), JSON);
    }
}
