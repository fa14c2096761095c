//! Two families of errors: what a client did against the rules, and is told; and what went wrong on our side, which is
//! logged and never told.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{server::json, trace};

/// The kind of a violation: decides the HTTP status, and where GraphQL shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// 400: the request cannot be read.
    BadRequest,
    /// 401: no good access token.
    Unauthenticated,
    /// 401: a password or refresh token that is not accepted.
    Refused,
    /// 403: the viewer may not do this.
    Forbidden,
    /// 403: the account may not do this yet.
    Unverified,
    /// 404
    NotFound,
    /// 409
    Conflict,
    /// 410: was good once.
    Gone,
    /// 413
    TooLarge,
    /// 422
    Unprocessable,
    /// 429
    RateLimited,
}

impl Class {
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::Unauthenticated | Self::Refused => StatusCode::UNAUTHORIZED,
            Self::Forbidden | Self::Unverified => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Conflict => StatusCode::CONFLICT,
            Self::Gone => StatusCode::GONE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        }
    }

    /// Whether GraphQL shows it among the top-level `errors` and not in the payload's `userErrors`: authentication and
    /// authorization, which no change of the input can mend.
    pub fn is_access(self) -> bool {
        matches!(
            self,
            Self::Unauthenticated | Self::Forbidden | Self::RateLimited
        )
    }
}

/// One field of the input that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Detail {
    pub field: &'static str,
    /// What is wrong with it, such as `TOO_LONG`.
    pub code: &'static str,
    pub message: String,
}

/// What a client did against the rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub class: Class,
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
    /// The input field it is about, in the spelling of the REST API (`display_name`).
    pub field: Option<&'static str>,
    pub details: Vec<Detail>,
}

impl Violation {
    pub fn new(class: Class, code: &'static str, message: impl Into<String>) -> Self {
        Self {
            class,
            code,
            message: message.into(),
            field: None,
            details: Vec::new(),
        }
    }

    #[must_use]
    pub fn on(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    /// `VALIDATION_FAILED`, naming every field at once.
    pub fn invalid(details: Vec<Detail>) -> Self {
        let message = match details.as_slice() {
            [only] => only.message.clone(),
            _ => "Several fields are not valid.".to_owned(),
        };
        Self {
            class: Class::Unprocessable,
            code: "VALIDATION_FAILED",
            message,
            field: None,
            details,
        }
    }

    /// `VALIDATION_FAILED` for one field.
    pub fn invalid_field(
        field: &'static str,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::invalid(vec![Detail {
            field,
            code,
            message: message.into(),
        }])
    }
}

type Source = Box<dyn std::error::Error + Send + Sync>;

/// What went wrong on our side.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// 500: a defect.
    #[error("internal error: {0}")]
    Internal(Source),
    /// 503: something we need does not answer; trying again later can help.
    #[error("unavailable: {0}")]
    Unavailable(Source),
}

impl Fault {
    pub fn internal(source: impl Into<Source>) -> Self {
        Self::Internal(source.into())
    }

    pub fn unavailable(source: impl Into<Source>) -> Self {
        Self::Unavailable(source.into())
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            Self::Internal(_) => "INTERNAL",
            Self::Unavailable(_) => "SERVICE_UNAVAILABLE",
        }
    }

    /// All that a client is told.
    pub fn public_message(&self) -> &'static str {
        match self {
            Self::Internal(_) => {
                "Something went wrong on our side. It has been logged under this trace id."
            }
            Self::Unavailable(_) => {
                "This cannot be answered right now. Please try again in a moment."
            }
        }
    }

    /// Writes the cause to the log, where the trace id leads to it.
    pub fn log(&self) {
        tracing::error!(error = %self, trace_id = %trace::current_id(), code = self.code(), "request failed");
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_) => Self::unavailable(error),
            // Class 57P: the server is shutting down or starting; 53300: too many connections.
            sqlx::Error::Database(ref db)
                if db
                    .code()
                    .is_some_and(|code| code.starts_with("57P") || code == "53300") =>
            {
                Self::unavailable(error)
            }
            other => Self::internal(other),
        }
    }
}

/// Any reason why a request was not fulfilled.
#[derive(Debug)]
pub enum Error {
    Violation(Violation),
    Fault(Fault),
}

impl From<Violation> for Error {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl<F: Into<Fault>> From<F> for Error {
    fn from(fault: F) -> Self {
        Self::Fault(fault.into())
    }
}

/// The error envelope of the REST API.
#[derive(Serialize)]
struct Envelope<'a> {
    error: EnvelopeBody<'a>,
}

#[derive(Serialize)]
struct EnvelopeBody<'a> {
    code: &'a str,
    message: &'a str,
    trace_id: String,
    #[serde(skip_serializing_if = "<[Detail]>::is_empty")]
    details: &'a [Detail],
}

fn envelope(status: StatusCode, code: &str, message: &str, details: &[Detail]) -> Response {
    let body = EnvelopeBody {
        code,
        message,
        trace_id: trace::current_id(),
        details,
    };
    json(status, &Envelope { error: body })
}

impl IntoResponse for Violation {
    fn into_response(self) -> Response {
        let mut response = envelope(self.class.status(), self.code, &self.message, &self.details);
        if self.class == Class::Unauthenticated {
            // RFC 9110, 15.5.2: a 401 must name the scheme.
            response.headers_mut().insert(
                header::WWW_AUTHENTICATE,
                header::HeaderValue::from_static("Bearer"),
            );
        }
        response
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        match self {
            Self::Violation(violation) => violation.into_response(),
            Self::Fault(fault) => {
                fault.log();
                envelope(fault.status(), fault.code(), fault.public_message(), &[])
            }
        }
    }
}
