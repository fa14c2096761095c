//! Everything but the graph: the router's own paths, and what it passes on.

use hive_router::ntex::{
    http::{Method, Response, StatusCode, header},
    web::{DefaultError, WebRequest},
};
use serde_json::json;

use super::{Keeper, trace_id};
use crate::{
    linger,
    reply::{self, Refusal},
    rest::{JWKS, Proxy},
};

/// What a path of our own takes.
const READ: &str = "GET, HEAD";
/// What may be passed on. A service says itself which of these a path of its takes.
const PASSED_ON: &str = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

impl Keeper {
    /// Answers everything but the graph.
    pub(super) async fn elsewhere(
        &self,
        proxy: &Proxy,
        request: &mut WebRequest<DefaultError>,
    ) -> Response {
        let trace_id = trace_id(request);
        let refusal = match proxy.target(request) {
            _ if is_of_proxies(request.method()) => not_allowed(PASSED_ON),
            Some(_) if request.path() == JWKS && !is_read(request.method()) => not_allowed(READ),
            Some(target) => return proxy.forward(request, target, &trace_id).await,
            None => match self.own(request).await {
                Ok(answer) => return answer,
                Err(refusal) => refusal,
            },
        };
        linger::answer(refusal.rest(&trace_id), request.take_payload())
    }

    /// Answers what the router has itself.
    async fn own(&self, request: &WebRequest<DefaultError>) -> Result<Response, Refusal> {
        let path = request.path();
        let page = self.pages.find(path);
        if page.is_none() && !matches!(path, "/health" | "/ready") {
            return Err(Refusal::new(
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
            return Ok(reply::ok(&json!({ "status": "ok" })));
        }
        if self.readiness.check().await {
            return Ok(reply::ok(&json!({ "status": "ready" })));
        }
        Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SERVICE_UNAVAILABLE",
            "Not everything that is needed answers. Please try again in a moment.",
        )
        .with(header::RETRY_AFTER, "1"))
    }
}

fn not_allowed(allow: &'static str) -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "BAD_REQUEST",
        "This path does not take this method; see Allow.",
    )
    .with(header::ALLOW, allow)
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// CONNECT asks for a tunnel, and TRACE for an answer that repeats the request with its token and cookies.
fn is_of_proxies(method: &Method) -> bool {
    matches!(*method, Method::CONNECT | Method::TRACE)
}
