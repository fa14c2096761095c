//! Routes every path but the graph: to a service, to a page, or to a probe.

use hive_router::ntex::{
    http::{
        Method, Response, StatusCode,
        header::{self, HeaderValue},
    },
    web::{DefaultError, WebRequest},
};
use serde_json::{Value, json};

use super::{GuardState, trace_id};
use crate::{
    request::{ClientError, drain_body},
    rest::{JWKS, Proxy},
};

/// Methods of the router's own paths.
const READ: &str = "GET, HEAD";
/// Methods that are passed on. The service refuses those that its path does not take.
const PROXIED: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

impl GuardState {
    pub(super) async fn route(
        &self,
        proxy: &Proxy,
        request: &mut WebRequest<DefaultError>,
    ) -> Response {
        let trace_id = trace_id(request);
        let error = match proxy.target(request) {
            _ if is_refused_everywhere(request.method()) => not_allowed(PROXIED),
            Some(_) if request.path() == JWKS && !is_read(request.method()) => not_allowed(READ),
            Some(target) => return proxy.forward(request, target, &trace_id).await,
            None => match self.own_path(request).await {
                Ok(answer) => return answer,
                Err(error) => error,
            },
        };
        drain_body::respond(error.rest(&trace_id), request.take_payload())
    }

    /// Answers the router's own paths.
    async fn own_path(&self, request: &WebRequest<DefaultError>) -> Result<Response, ClientError> {
        let path = request.path();
        let page = self.pages.find(path);
        if page.is_none() && !matches!(path, "/health" | "/ready") {
            return Err(ClientError::new(
                StatusCode::NOT_FOUND,
                "NOT_FOUND",
                "There is nothing at this path.",
            ));
        }
        if !is_read(request.method()) {
            return Err(not_allowed(READ));
        }
        if let Some(page) = page {
            return Ok(page.answer(request.headers()));
        }
        if path == "/health" {
            return Ok(ok(&json!({ "status": "ok" })));
        }
        if self.readiness.check().await {
            return Ok(ok(&json!({ "status": "ready" })));
        }
        Err(ClientError::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SERVICE_UNAVAILABLE",
            "Not everything that is needed answers. Please try again in a moment.",
        )
        .with_header(header::RETRY_AFTER, "1"))
    }
}

fn ok(body: &Value) -> Response {
    let mut response = Response::with_body(StatusCode::OK, body.to_string().into());
    let media_type = HeaderValue::from_static("application/json; charset=utf-8");
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    response
}

fn not_allowed(allow: &'static str) -> ClientError {
    ClientError::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "BAD_REQUEST",
        "This path does not take this method; see Allow.",
    )
    .with_header(header::ALLOW, allow)
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// CONNECT asks for a tunnel. TRACE asks for a response that repeats the request with its token and cookies.
fn is_refused_everywhere(method: &Method) -> bool {
    matches!(*method, Method::CONNECT | Method::TRACE)
}
