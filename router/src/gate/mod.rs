//! What may go in: the paths that exist, what a GraphQL request looks like, and who sends it.
//!
//! The engine on its own answers every path it does not know with a landing page, takes a forged token for no token at
//! all, and runs what any web page can make a browser send.

mod admission;
mod elsewhere;
mod form;
mod ticket;

use std::sync::Arc;

pub(crate) use admission::Admission;
use common::{auth::Verifier, error::Fault};
use hive_router::{
    ntex::{
        Middleware, SharedCfg,
        http::{
            StatusCode,
            header::{self, HeaderValue},
        },
        service::{Service, ServiceCtx},
        web::{DefaultError, Error, WebRequest, WebResponse},
    },
    plugins::plugin_context::PluginContext,
};
pub(crate) use ticket::{AUDIENCE, ISSUER, TICKET, Tickets};

use crate::{
    edge::TraceId,
    engine::GRAPHQL_PATH,
    linger,
    pages::Pages,
    ready::Readiness,
    reply::Refusal,
    rest::{Proxy, Rest},
};

/// Lets in what may go in, and answers everything else.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) rest: Rest,
}

/// What the gate decides with.
pub(crate) struct Keeper {
    pub(crate) verifier: Verifier,
    pub(crate) tickets: Tickets,
    pub(crate) readiness: Readiness,
    pub(crate) pages: Pages,
}

impl<S> Middleware<S, SharedCfg> for Gate {
    type Service = GateService<S>;

    fn create(&self, service: S, _config: SharedCfg) -> GateService<S> {
        GateService {
            service,
            keeper: self.keeper.clone(),
            proxy: self.rest.worker(),
        }
    }
}

pub(crate) struct GateService<S> {
    service: S,
    keeper: Arc<Keeper>,
    proxy: Proxy,
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
            let answer = self.keeper.elsewhere(&self.proxy, &mut request).await;
            return Ok(request.into_response(answer));
        }
        match self.keeper.admit(&mut request).await {
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
                let answer = linger::answer(answer, request.take_payload());
                Ok(request.into_response(answer))
            }
        }
    }
}

impl Keeper {
    /// Checks a GraphQL request and tells the engine's hooks who sends it.
    async fn admit(&self, request: &mut WebRequest<DefaultError>) -> Result<(), Refusal> {
        form::check(request.method(), request.headers())?;
        let is_signed_in =
            admission::verify(&self.verifier, &self.tickets, request.headers_mut()).await?;
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
}

fn trace_id(request: &WebRequest<DefaultError>) -> TraceId {
    request
        .extensions()
        .get::<TraceId>()
        .cloned()
        .unwrap_or_default()
}
