//! Why a service gave no response, and the error that the client gets instead.

use std::error::Error;

use common::error::Fault;
use hive_router::ntex::http::{StatusCode, header};

use super::{access_log::AccessLogEntry, upload::UploadEnd};
use crate::request::ClientError;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum UpstreamFailure {
    /// The request body was not transferred.
    Upload(UploadEnd),
    /// The connection was refused or timed out.
    Unreachable(String),
    /// The connection broke, or the response was not HTTP.
    Broken(String),
    /// The service did not answer in time.
    TimedOut,
}

impl UpstreamFailure {
    pub(super) fn of_service(error: reqwest::Error) -> Self {
        let is_connect = error.is_connect();
        let cause = error_chain(error);
        if is_connect {
            Self::Unreachable(cause)
        } else {
            Self::Broken(cause)
        }
    }

    /// Logs a failure of the service. A failure of the client is only in its response.
    pub(super) fn log(&self, line: &AccessLogEntry) {
        match self {
            Self::Upload(UploadEnd::TooLarge | UploadEnd::Disconnected | UploadEnd::TimedOut) => {}
            Self::Upload(UploadEnd::Refused) => line.warn("it took nothing more of the body"),
            Self::Unreachable(cause) | Self::Broken(cause) => line.warn(cause),
            Self::TimedOut => line.warn("it did not answer in time"),
        }
    }

    /// The error for the client; `max_body` is the limit on the request body in bytes.
    pub(super) fn client_error(&self, max_body: u64) -> ClientError {
        match self {
            Self::Upload(UploadEnd::TooLarge) => ClientError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "PAYLOAD_TOO_LARGE",
                format!("The body may have {max_body} bytes at most."),
            ),
            Self::Upload(UploadEnd::Disconnected) => bad_request("The body ended early."),
            Self::Upload(UploadEnd::TimedOut) => bad_request("The body did not arrive in time."),
            Self::Unreachable(_) => {
                unavailable(StatusCode::SERVICE_UNAVAILABLE).with_header(header::RETRY_AFTER, "1")
            }
            Self::Broken(_) => unavailable(StatusCode::BAD_GATEWAY),
            Self::Upload(UploadEnd::Refused) | Self::TimedOut => {
                unavailable(StatusCode::GATEWAY_TIMEOUT)
            }
        }
    }
}

fn bad_request(message: &str) -> ClientError {
    ClientError::bad_request("BAD_REQUEST", message)
}

fn unavailable(status: StatusCode) -> ClientError {
    let fault = Fault::unavailable("a service");
    ClientError::new(status, fault.code(), fault.public_message())
}

/// An error with its causes, and without the URL, because that contains the query.
pub(super) fn error_chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
