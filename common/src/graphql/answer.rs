//! A GraphQL response as HTTP carries it: media type, status, and whether there is `data` (GraphQL over HTTP, 6).

use async_graphql::{Response as GraphqlResponse, ServerError, Value};
use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::Response,
};
use serde::Serialize;

use crate::respond::json;

/// What an answer is sent as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MediaType {
    /// `application/json`: status 200 for every request that could be read, run or not.
    Json,
    /// `application/graphql-response+json`: status 400 for an operation that was not run.
    GraphqlResponse,
}

impl MediaType {
    /// The one that the sender of a request prefers. Whoever names neither gets JSON.
    pub(super) fn preferred(headers: &HeaderMap) -> Self {
        let (graphql, json) = (
            quality(headers, &["application/graphql-response+json"]),
            quality(headers, &["application/json", "application/*", "*/*"]),
        );
        if graphql > 0.0 && graphql >= json {
            Self::GraphqlResponse
        } else {
            Self::Json
        }
    }

    fn header(self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Json => "application/json; charset=utf-8",
            Self::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        })
    }

    /// The answer to a request that could be read.
    pub(super) fn answer(self, response: &GraphqlResponse) -> Response {
        if !is_request_error(response) {
            return self.write(StatusCode::OK, response);
        }
        let status = match self {
            Self::Json => StatusCode::OK,
            Self::GraphqlResponse => StatusCode::BAD_REQUEST,
        };
        self.refuse(status, response)
    }

    /// The answer to a request whose operation was not run.
    pub(super) fn refuse(self, status: StatusCode, response: &GraphqlResponse) -> Response {
        let errors = &response.errors;
        self.write(status, &RequestError { errors })
    }

    fn write(self, status: StatusCode, body: &impl Serialize) -> Response {
        let mut answer = json(status, body);
        answer
            .headers_mut()
            .insert(header::CONTENT_TYPE, self.header());
        answer
    }
}

/// A response without `data`; the library's own always has one.
#[derive(Serialize)]
struct RequestError<'a> {
    errors: &'a [ServerError],
}

/// Whether the operation was not run (GraphQL, 7.1.2). Once it runs, an error is of a field and says of which.
fn is_request_error(response: &GraphqlResponse) -> bool {
    response.data == Value::Null
        && !response.errors.is_empty()
        && response.errors.iter().all(|error| error.path.is_empty())
}

/// How much the first of the media ranges that `Accept` names is wanted, from 0 to 1; 0 if it names none.
fn quality(headers: &HeaderMap, ranges: &[&str]) -> f32 {
    let accepted = || {
        let values = headers.get_all(header::ACCEPT).into_iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(range_and_quality)
    };
    ranges
        .iter()
        .find_map(|wanted| {
            accepted()
                .find_map(|(range, quality)| range.eq_ignore_ascii_case(wanted).then_some(quality))
        })
        .unwrap_or(0.0)
}

fn range_and_quality(text: &str) -> (&str, f32) {
    let mut parts = text.split(';').map(str::trim);
    let range = parts.next().unwrap_or_default();
    let quality = parts.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_quality = name.trim().eq_ignore_ascii_case("q");
        is_quality.then(|| value.trim().parse().unwrap_or(0.0))
    });
    (range, quality.unwrap_or(1.0))
}
