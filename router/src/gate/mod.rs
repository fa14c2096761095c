//! What may go in: how often, the paths that exist, what a GraphQL request looks like, and who sends it.
//!
//! The engine on its own answers every path it does not know with a landing page, takes a forged token for no token at
//! all, and runs what any web page can make a browser send.

mod admission;
mod elsewhere;
mod form;
mod quota;
mod ticket;

use std::{rc::Rc, sync::Arc};

pub(crate) use admission::Admission;
use common::{
    auth::{Identity, Verifier},
    error::Fault,
};
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
    inside::Errand,
    linger,
    live::{self, Desk, Live},
    nodes::{Finder, Nodes},
    pages::Pages,
    rate::{Counter, Rate},
    ready::Readiness,
    reply::Refusal,
    rest::{Proxy, Rest},
    usage::{Client, Recorder, Tally},
};

/// Lets in what may go in, and answers everything else.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) rest: Rest,
    pub(crate) rate: Rate,
    pub(crate) live: Arc<Live>,
    pub(crate) nodes: Nodes,
}

/// What the gate decides with.
pub(crate) struct Keeper {
    pub(crate) verifier: Verifier,
    pub(crate) tickets: Tickets,
    pub(crate) readiness: Readiness,
    pub(crate) pages: Pages,
    pub(crate) recorder: Option<Arc<Recorder>>,
}

impl<S> Middleware<S, SharedCfg> for Gate {
    type Service = GateService<S>;

    fn create(&self, service: S, _config: SharedCfg) -> GateService<S> {
        let counter = Rc::new(self.rate.worker());
        GateService {
            service,
            keeper: self.keeper.clone(),
            proxy: self.rest.worker(),
            desk: self.live.worker(counter.clone()),
            finder: self.nodes.worker(),
            counter,
        }
    }
}

pub(crate) struct GateService<S> {
    service: S,
    keeper: Arc<Keeper>,
    proxy: Proxy,
    counter: Rc<Counter>,
    desk: Option<Rc<Desk>>,
    finder: Option<Finder>,
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
        request: WebRequest<DefaultError>,
        ctx: ServiceCtx<'_, Self>,
    ) -> Result<WebResponse, Error> {
        if is_graph(&request)
            && live::is_upgrade(request.headers())
            && let Some(desk) = &self.desk
        {
            // Browsers cannot send a token with it: it is counted when the first message says whose it is.
            return Ok(match live::upgrade(desk, &request) {
                Ok(answer) => request.into_response(answer),
                Err(refusal) => refuse(request, &refusal),
            });
        }
        let is_counted = quota::is_counted(&self.counter, &request);
        let sender = if is_counted || is_graph(&request) {
            admission::identify(&self.keeper.verifier, request.headers()).await
        } else {
            Ok(Identity::Anonymous)
        };
        let standing = if is_counted {
            quota::count(&self.counter, &request, &sender).await
        } else {
            None
        };
        let mut response = match standing.and_then(|standing| quota::refusal(&standing)) {
            Some(refusal) => refuse(request, &refusal),
            None => self.answer(request, sender, ctx).await?,
        };
        if let Some(standing) = standing {
            standing.write(response.headers_mut());
        }
        Ok(response)
    }
}

impl<S> GateService<S>
where
    S: Service<WebRequest<DefaultError>, Response = WebResponse, Error = Error>,
{
    /// Answers a request that is within its sender's quota.
    async fn answer(
        &self,
        mut request: WebRequest<DefaultError>,
        sender: Result<Identity, common::error::Error>,
        ctx: ServiceCtx<'_, Self>,
    ) -> Result<WebResponse, Error> {
        if !is_graph(&request) {
            let answer = self.keeper.elsewhere(&self.proxy, &mut request).await;
            return Ok(request.into_response(answer));
        }
        let identity = match self.keeper.admit(sender, self.finder.clone(), &mut request) {
            Ok(identity) => identity,
            Err(refusal) => return Ok(refuse(request, &refusal)),
        };
        if let Some(desk) = &self.desk
            && let Some(answer) = live::intercept(desk, &identity, &mut request).await
        {
            return Ok(request.into_response(answer));
        }
        let mut response = ctx.call(&self.service, request).await?;
        // Answers are about a person, and may hold tokens.
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
        Ok(response)
    }
}

/// Refuses a request in the shape that its sender knows.
fn refuse(mut request: WebRequest<DefaultError>, refusal: &Refusal) -> WebResponse {
    let answer = if is_graph(&request) {
        refusal.graphql(request.headers())
    } else {
        refusal.rest(&trace_id(&request))
    };
    let answer = linger::answer(answer, request.take_payload());
    request.into_response(answer)
}

fn is_graph(request: &WebRequest<DefaultError>) -> bool {
    request.path() == GRAPHQL_PATH
}

impl Keeper {
    /// Checks a GraphQL request and tells the engine's hooks who sends it; who does.
    fn admit(
        &self,
        sender: Result<Identity, common::error::Error>,
        finder: Option<Finder>,
        request: &mut WebRequest<DefaultError>,
    ) -> Result<Identity, Refusal> {
        form::check(request.method(), request.headers())?;
        let identity = admission::settle(sender, &self.tickets, request.headers_mut())?;
        let admission = Admission {
            is_signed_in: identity.viewer().is_some(),
            trace_id: trace_id(request),
            tally: self.tally(request),
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
        if let Some(finder) = finder {
            context.insert(finder);
        }
        Ok(identity)
    }
}

impl Keeper {
    /// Counts what a client sends, and not what the router makes of it.
    fn tally(&self, request: &WebRequest<DefaultError>) -> Option<Tally> {
        let recorder = self.recorder.as_ref()?;
        let errand = request.extensions().get::<Errand>().copied();
        let is_of_a_client = errand.is_none_or(Errand::is_of_a_client);
        is_of_a_client.then(|| recorder.tally(Client::of(request.headers())))
    }
}

fn trace_id(request: &WebRequest<DefaultError>) -> TraceId {
    request
        .extensions()
        .get::<TraceId>()
        .cloned()
        .unwrap_or_default()
}
