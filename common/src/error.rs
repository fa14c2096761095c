//! Two families of errors: what a client did against the rules, and is told; and what went wrong on our side, which is
//! logged and never told.

use std::{borrow::Cow, sync::Arc};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{respond::json, trace};

/// A documented error code. [`error_codes!`](crate::error_codes) declares codes, so that each is in the list of its crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code(&'static str);

impl Code {
    #[doc(hidden)]
    pub const fn declared(code: &'static str) -> Self {
        Self(code)
    }

    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

/// Declares a crate's error codes, as constants of type [`Code`] and as the sorted list `ERROR_CODES`.
#[macro_export]
macro_rules! error_codes {
    ($($code:ident),+ $(,)?) => {
        $(pub const $code: $crate::error::Code =
            $crate::error::Code::declared(stringify!($code));)+

        /// The error codes that this crate sends to clients, sorted.
        pub const ERROR_CODES: &[&str] = &[$(stringify!($code)),+];

        #[cfg(test)]
        #[test]
        fn error_codes_are_sorted_and_unique() {
            assert!(ERROR_CODES.is_sorted_by(|a, b| a < b));
        }
    };
}

crate::error_codes! {
    BAD_REQUEST,
    INTERNAL,
    NOT_FOUND,
    OPERATION_TOO_LARGE,
    PAYLOAD_TOO_LARGE,
    SERVICE_UNAVAILABLE,
    UNAUTHENTICATED,
    VALIDATION_FAILED,
}

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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Detail {
    /// The field of the body, the parameter or the header.
    #[schema(value_type = String)]
    pub field: Cow<'static, str>,
    /// What is wrong with it, such as `TOO_LONG`.
    #[schema(value_type = String)]
    pub code: &'static str,
    /// What is wrong and what would be right.
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
    /// After how many seconds trying again can help, if that is known.
    pub retry_after: Option<i64>,
}

impl Violation {
    pub fn new(class: Class, code: Code, message: impl Into<String>) -> Self {
        Self {
            class,
            code: code.as_str(),
            message: message.into(),
            field: None,
            details: Vec::new(),
            retry_after: None,
        }
    }

    #[must_use]
    pub fn on(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: i64) -> Self {
        self.retry_after = Some(seconds);
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
            code: VALIDATION_FAILED.as_str(),
            message,
            field: None,
            details,
            retry_after: None,
        }
    }

    /// `VALIDATION_FAILED` for one field.
    pub fn invalid_field(
        field: impl Into<Cow<'static, str>>,
        code: &'static str,
        message: impl Into<String>,
    ) -> Self {
        Self::invalid(vec![Detail {
            field: field.into(),
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

    /// Clones the fault for another waiter.
    pub fn shared(fault: Arc<Self>) -> Self {
        match *fault {
            Self::Internal(_) => Self::internal(fault),
            Self::Unavailable(_) => Self::unavailable(fault),
        }
    }

    pub fn status(&self) -> StatusCode {
        match self {
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub fn code(&self) -> &'static str {
        match self {
            Self::Internal(_) => INTERNAL.as_str(),
            Self::Unavailable(_) => SERVICE_UNAVAILABLE.as_str(),
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

impl Error {
    /// The same error where a field goes by another name: in a path or a header.
    #[must_use]
    pub fn renaming(mut self, field: &'static str, to: &'static str) -> Self {
        if let Self::Violation(violation) = &mut self {
            if violation.field == Some(field) {
                violation.field = Some(to);
            }
            for detail in &mut violation.details {
                if detail.field == field {
                    detail.field = to.into();
                }
            }
        }
        self
    }
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

/// What every answer with a status of 400 or more looks like.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"error": {
    "code": "VALIDATION_FAILED",
    "message": "`page_size` is 1000; it must be from 1 to 100.",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "details": [{
        "field": "page_size",
        "code": "OUT_OF_RANGE",
        "message": "`page_size` is 1000; it must be from 1 to 100."
    }]
}}))]
pub struct ErrorEnvelope {
    error: ErrorBody,
}

/// Why a request was not fulfilled.
#[derive(Debug, Serialize, ToSchema)]
struct ErrorBody {
    /// One of the documented codes: what a program decides by.
    #[schema(value_type = String)]
    code: &'static str,
    /// What is wrong and what would be right, for people.
    message: String,
    /// Leads to this request in the logs of all services.
    trace_id: String,
    /// For 422: every field that is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    details: Vec<Detail>,
}

fn envelope(
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Vec<Detail>,
) -> Response {
    let error = ErrorBody {
        code,
        message,
        trace_id: trace::current_id(),
        details,
    };
    json(status, &ErrorEnvelope { error })
}

impl IntoResponse for Violation {
    fn into_response(self) -> Response {
        let status = self.class.status();
        let mut details = self.details;
        // A rule with a code of its own is about a field all the same, and 422 names fields.
        if details.is_empty()
            && status == StatusCode::UNPROCESSABLE_ENTITY
            && let Some(field) = self.field
        {
            details.push(Detail {
                field: field.into(),
                code: self.code,
                message: self.message.clone(),
            });
        }
        let mut response = envelope(status, self.code, self.message, details);
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, seconds.into());
        }
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
                let message = fault.public_message().to_owned();
                envelope(fault.status(), fault.code(), message, Vec::new())
            }
        }
    }
}
