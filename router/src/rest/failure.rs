//! Why there is no answer of a service, and what the client is told instead.

use std::error::Error;

use common::error::Fault;
use hive_router::ntex::http::{StatusCode, header};

use super::{log::Line, upload::End};
use crate::reply::Refusal;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The body did not get there.
    Upload(End),
    /// Nobody listens there.
    Unreachable(String),
    /// The connection broke, or what came was not HTTP.
    Broken(String),
    /// Nothing came.
    Silent,
}

impl Failure {
    pub(super) fn of_service(error: reqwest::Error) -> Self {
        let is_connect = error.is_connect();
        let cause = chain(error);
        if is_connect {
            Self::Unreachable(cause)
        } else {
            Self::Broken(cause)
        }
    }

    /// Says in the log what is wrong with a service. What is wrong with a client is in its answer.
    pub(super) fn log(&self, line: &Line) {
        match self {
            Self::Upload(End::TooLarge | End::Early | End::Late) => {}
            Self::Upload(End::Refused) => line.warn("it took nothing more of the body"),
            Self::Unreachable(cause) | Self::Broken(cause) => line.warn(cause),
            Self::Silent => line.warn("it did not answer in time"),
        }
    }

    /// What the client is told; `max_body` is what its body may have.
    pub(super) fn refusal(&self, max_body: u64) -> Refusal {
        match self {
            Self::Upload(End::TooLarge) => Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "PAYLOAD_TOO_LARGE",
                format!("The body may have {max_body} bytes at most."),
            ),
            Self::Upload(End::Early) => bad_request("The body ended early."),
            Self::Upload(End::Late) => bad_request("The body did not arrive in time."),
            Self::Unreachable(_) => {
                unavailable(StatusCode::SERVICE_UNAVAILABLE).with(header::RETRY_AFTER, "1")
            }
            Self::Broken(_) => unavailable(StatusCode::BAD_GATEWAY),
            Self::Upload(End::Refused) | Self::Silent => unavailable(StatusCode::GATEWAY_TIMEOUT),
        }
    }
}

fn bad_request(message: &str) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
}

fn unavailable(status: StatusCode) -> Refusal {
    let fault = Fault::unavailable("a service");
    Refusal::new(status, fault.code(), fault.public_message())
}

/// An error with what caused it, and without the URL, which has the query.
pub(super) fn chain(error: reqwest::Error) -> String {
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
