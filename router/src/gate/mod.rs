//! What may go in: the paths that exist, what a GraphQL request looks like, and who sends it.
//!
//! The engine on its own answers every path it does not know with a landing page, takes a forged token for no token at
//! all, and runs what any web page can make a browser send.

mod admission;
mod form;

use std::sync::Arc;

use common::{auth::Verifier, error::Fault};
use hive_router::{
    ntex::{
        Middleware, SharedCfg,
        http::{
            Method, Response, StatusCode,
            header::{self, HeaderValue},
        },
        service::{Service, ServiceCtx},
        web::{DefaultError, Error, WebRequest, WebResponse},
    },
    plugins::plugin_context::PluginContext,
};
use serde_json::json;

pub(crate) use admission::Admission;

use crate::{
    edge::TraceId,
    engine::GRAPHQL_PATH,
    ready::Readiness,
    reply::{self, Refusal},
};

/// Lets in what may go in, and answers everything else.
#[derive(Clone)]
pub(crate) struct Gate(pub(crate) Arc<Keeper>);

/// What the gate decides with.
pub(crate) struct Keeper {
    pub(crate) verifier: Verifier,
    pub(crate) readiness: Readiness,
}

impl<S> Middleware<S, SharedCfg> for Gate {
    type Service = GateService<S>;

    fn create(&self, service: S, _config: SharedCfg) -> GateService<S> {
        GateService {
            service,
            keeper: self.0.clone(),
        }
    }
}

pub(crate) struct GateService<S> {
    service: S,
    keeper: Arc<Keeper>,
}

impl<S> Service<WebRequest<DefaultError>> for GateService<S>
where
    S: Service<WebRequest<DefaultError>, Response = WebResponse, Error = Error>,
{
    type Response = WebResponse;
    type Error = Error;

    hive_router::ntex::forward_ready!(service);

    async fn call(
        &self,
        mut request: WebRequest<DefaultError>,
        ctx: ServiceCtx<'_, Self>,
    ) -> Result<WebResponse, Error> {
        if request.path() != GRAPHQL_PATH {
            let answer = self.keeper.elsewhere(&request).await;
            return Ok(request.into_response(answer));
        }
        match self.keeper.admit(&mut request) {
            Ok(()) => {
                let mut response = ctx.call(&self.service, request).await?;
                // Answers are about a person, and may hold tokens.
                let no_store = HeaderValue::from_static("no-store");
                response
                    .headers_mut()
                    .insert(header::CACHE_CONTROL, no_store);
                Ok(response)
            }
            Err(refusal) => {
                let answer = refusal.graphql(request.headers());
                Ok(request.into_response(answer))
            }
        }
    }
}

impl Keeper {
    /// Checks a GraphQL request and tells the engine's hooks who sends it.
    fn admit(&self, request: &mut WebRequest<DefaultError>) -> Result<(), Refusal> {
        form::check(request.method(), request.headers())?;
        let is_signed_in = admission::verify(&self.verifier, request.headers_mut())?;
        let admission = Admission {
            is_signed_in,
            trace_id: trace_id(request),
        };
        // The engine makes it when it runs our policy; without the policy nothing may run.
        let context = request.extensions().get::<Arc<PluginContext>>().cloned();
        let context = context.ok_or_else(|| {
            let fault = Fault::internal("the engine does not run our policy");
            tracing::error!(error = %fault, "request failed");
            Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                fault.code(),
                fault.public_message(),
            )
        })?;
        context.insert(admission);
        Ok(())
    }

    /// Answers everything but the graph.
    async fn elsewhere(&self, request: &WebRequest<DefaultError>) -> Response {
        let trace_id = trace_id(request);
        let is_probe = matches!(request.path(), "/health" | "/ready");
        if !is_probe {
            return Refusal::new(
                StatusCode::NOT_FOUND,
                "NOT_FOUND",
                "There is nothing at this path.",
            )
            .rest(&trace_id);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Refusal::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "BAD_REQUEST",
                "This path does not take this method; see Allow.",
            )
            .with(header::ALLOW, "GET, HEAD")
            .rest(&trace_id);
        }
        if request.path() == "/health" {
            return reply::ok(&json!({ "status": "ok" }));
        }
        if self.readiness.check().await {
            return reply::ok(&json!({ "status": "ready" }));
        }
        Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SERVICE_UNAVAILABLE",
            "Not everything that is needed answers. Please try again in a moment.",
        )
        .with(header::RETRY_AFTER, "1")
        .rest(&trace_id)
    }
}

fn trace_id(request: &WebRequest<DefaultError>) -> TraceId {
    request
        .extensions()
        .get::<TraceId>()
        .cloned()
        .unwrap_or_default()
}
