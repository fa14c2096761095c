//! `POST /graphql`: one operation a request, JSON in, JSON out, the sender known before it runs.

use std::sync::Arc;

use async_graphql::{Executor, Request, Response as GraphqlResponse, ServerError};
use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::Response,
    routing::post,
};

use super::answer::MediaType;
use crate::{
    auth::Verifier,
    error::{BAD_REQUEST, Class, Error, PAYLOAD_TOO_LARGE, Violation},
};

/// `_entities` requests carry up to a page of representations and more; what clients send is bounded at the router.
const MAX_BODY_BYTES: usize = 1024 * 1024;

type Prepare = Arc<dyn Fn(Request, &Parts) -> Request + Send + Sync>;

/// What it takes to answer GraphQL over HTTP.
#[derive(Clone)]
pub struct GraphqlService<E> {
    executor: E,
    verifier: Verifier,
    prepare: Prepare,
}

impl<E: Executor> GraphqlService<E> {
    /// `prepare` adds what lives as long as a request, such as its data loaders, and what the head of it tells.
    pub fn new(
        executor: E,
        verifier: Verifier,
        prepare: impl Fn(Request, &Parts) -> Request + Send + Sync + 'static,
    ) -> Self {
        Self {
            executor,
            verifier,
            prepare: Arc::new(prepare),
        }
    }
}

/// The route of a subgraph.
pub fn routes<E: Executor>(service: GraphqlService<E>) -> Router {
    Router::new()
        .route("/graphql", post(answer::<E>))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(service)
}

async fn answer<E: Executor>(
    State(service): State<GraphqlService<E>>,
    parts: Parts,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let media_type = MediaType::preferred(&parts.headers);
    let identity = match service.verifier.identify(&parts.headers).await {
        Ok(identity) => identity,
        Err(error) => return refuse(media_type, error),
    };
    match read(&parts.headers, body) {
        Ok(request) => {
            let request = (service.prepare)(request.data(identity), &parts);
            media_type.answer(&service.executor.execute(request).await)
        }
        Err(violation) => refuse(media_type, violation.into()),
    }
}

fn read(headers: &HeaderMap, body: Result<Bytes, BytesRejection>) -> Result<Request, Violation> {
    let bad = |message: &str| Violation::new(Class::BadRequest, BAD_REQUEST, message);
    let is_json = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"));
    if !is_json {
        return Err(bad("The content type must be application/json."));
    }
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Violation::new(
            Class::TooLarge,
            PAYLOAD_TOO_LARGE,
            format!("The body may have {MAX_BODY_BYTES} bytes at most."),
        ),
        _ => bad("The body ended early."),
    })?;
    let what_is_right = "The body must be one JSON object with a string `query` and, if needed, `variables`, \
                         `operationName` and `extensions`";
    // The library would take an array for an object with its members in order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(bad(&format!("{what_is_right}.")));
    }
    let request: Request = serde_json::from_slice(&body).map_err(|error| {
        bad(&format!(
            "{what_is_right}; there is a mistake in line {}, column {}.",
            error.line(),
            error.column()
        ))
    })?;
    // To the library, one that is missing is empty.
    if request.query.is_empty() {
        return Err(bad(&format!("{what_is_right}; `query` is missing.")));
    }
    Ok(request)
}

/// A request error in the form of a GraphQL response.
fn refuse(media_type: MediaType, error: Error) -> Response {
    let status = match &error {
        Error::Violation(violation) => violation.class.status(),
        Error::Fault(fault) => fault.status(),
    };
    let mut response = media_type.refuse(status, &refusal(error));
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            header::HeaderValue::from_static("Bearer"),
        );
    }
    response
}

/// The GraphQL response to an operation that is not run.
fn refusal(error: Error) -> GraphqlResponse {
    let error = async_graphql::Error::from(error);
    let mut refusal = ServerError::new(error.message, None);
    refusal.extensions = error.extensions;
    GraphqlResponse::from_errors(vec![refusal])
}
