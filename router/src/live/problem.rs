//! Why something that a client asked for is not done, or is over, as GraphQL says it.

use common::{auth::unauthenticated, error::Fault};
use hive_router::ntex::http::{
    HeaderMap, Response, StatusCode,
    header::{self, HeaderValue},
};
use serde_json::{Value, json};

use crate::{reply::Refusal, reply::graphql_media_type};

/// One or more errors without data.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Problem {
    /// For an answer that has one.
    pub(crate) status: StatusCode,
    pub(crate) errors: Vec<Value>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        let error = json!({ "message": message.into(), "extensions": { "code": code } });
        Self {
            status,
            errors: vec![error],
        }
    }

    /// About what the client wrote.
    pub(crate) fn of_request(code: &str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// Something that is needed does not answer. It may in a moment.
    pub(crate) fn unavailable() -> Self {
        let fault = Fault::unavailable("a stream");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            fault.code(),
            fault.public_message(),
        )
    }

    /// This process goes away, and another one takes over.
    pub(crate) fn restart() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SERVICE_UNAVAILABLE",
            "The server restarts. Subscribe again, after the last event you have.",
        )
    }

    pub(crate) fn unauthenticated() -> Self {
        let violation = unauthenticated();
        Self::new(
            StatusCode::UNAUTHORIZED,
            violation.code,
            violation.message.clone(),
        )
    }

    /// The token was good for so long, and so was the stream.
    pub(crate) fn expired() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "UNAUTHENTICATED",
            "The access token has expired. Subscribe again with a new one, after the last event you have.",
        )
    }

    /// With the status that goes with the code of a service.
    pub(crate) fn of_service(code: &str, message: impl Into<String>) -> Self {
        let status = match code {
            "UNAUTHENTICATED" => StatusCode::UNAUTHORIZED,
            "RATE_LIMITED" => StatusCode::TOO_MANY_REQUESTS,
            "SERVICE_UNAVAILABLE" => StatusCode::SERVICE_UNAVAILABLE,
            "INTERNAL" => StatusCode::INTERNAL_SERVER_ERROR,
            "FORBIDDEN" | "NOT_A_PARTICIPANT" | "EMAIL_NOT_VERIFIED" => StatusCode::FORBIDDEN,
            _ if code.ends_with("NOT_FOUND") => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, code, message)
    }

    /// The errors as a JSON list.
    pub(crate) fn list(&self) -> String {
        Value::from(self.errors.clone()).to_string()
    }

    /// As a GraphQL response.
    pub(crate) fn body(&self) -> String {
        json!({ "errors": self.errors }).to_string()
    }

    /// As an answer of its own.
    pub(crate) fn response(&self, request: &HeaderMap) -> Response {
        let mut response = Response::with_body(self.status, self.body().into());
        let media_type = HeaderValue::from_static(graphql_media_type(request));
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, media_type);
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("Bearer");
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, scheme);
        }
        response
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(refusal.status, refusal.code, refusal.message)
    }
}
