//! Decides which requests go in: rate limit, known paths, CSRF protection and authentication.
//!
//! The engine on its own answers unknown paths with a landing page, treats an invalid token as no token, and executes what
//! any web page can make a browser send.

mod authorization;
mod internal_token;
mod quota;
mod request_shape;
mod routes;

use std::{rc::Rc, sync::Arc};

use common::{
    auth::{Identity, Verifier},
    error::{Error as AuthError, Fault},
};
use hive_router::{
    ntex::{
        Middleware, SharedCfg,
        http::header::{self, HeaderValue},
        service::{Service, ServiceCtx},
        web::{DefaultError, Error, WebRequest, WebResponse},
    },
    plugins::plugin_context::PluginContext,
};
pub(crate) use internal_token::{AUDIENCE, INTERNAL_TOKEN_HEADER, ISSUER, InternalTokens};

use crate::{
    defaults::GRAPHQL_PATH,
    live::{self, SubscriptionServer, WorkerState},
    loopback::Purpose,
    node_lookup::{NodeLookup, NodeResolver},
    pages::Pages,
    rate::{Counter, Rate},
    ready::Readiness,
    request::{ClientError, RequestIdentity, TraceId, drain_body},
    rest::{Proxy, Rest},
    usage::{ClientInfo, ClientUsage, Recorder},
};

/// The middleware: passes valid GraphQL requests on to the engine and answers everything else.
#[derive(Clone)]
pub(crate) struct Guard {
    pub(crate) state: Arc<GuardState>,
    pub(crate) rest: Rest,
    pub(crate) rate: Rate,
    pub(crate) live: Arc<SubscriptionServer>,
    pub(crate) nodes: NodeLookup,
}

/// State that all workers share.
pub(crate) struct GuardState {
    pub(crate) verifier: Verifier,
    pub(crate) internal_tokens: InternalTokens,
    pub(crate) readiness: Readiness,
    pub(crate) pages: Pages,
    pub(crate) recorder: Option<Arc<Recorder>>,
}

impl<S> Middleware<S, SharedCfg> for Guard {
    type Service = GuardService<S>;

    fn create(&self, service: S, _config: SharedCfg) -> GuardService<S> {
        let counter = Rc::new(self.rate.worker());
        GuardService {
            service,
            state: self.state.clone(),
            proxy: self.rest.worker(),
            live: WorkerState::new(self.live.clone(), counter.clone()),
            nodes: self.nodes.worker(),
            counter,
        }
    }
}

pub(crate) struct GuardService<S> {
    service: S,
    state: Arc<GuardState>,
    proxy: Proxy,
    counter: Rc<Counter>,
    live: Option<Rc<WorkerState>>,
    nodes: Option<NodeResolver>,
}

impl<S> Service<WebRequest<DefaultError>> for GuardService<S>
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
            && let Some(live) = &self.live
        {
            // Browsers cannot send a token with a handshake: the connection is counted when its first message identifies
            // the user.
            return Ok(match live::upgrade(live, &request) {
                Ok(answer) => request.into_response(answer),
                Err(error) => refuse(request, &error),
            });
        }
        let is_counted = quota::is_counted(&self.counter, &request);
        let identity = if is_counted || is_graph(&request) {
            authorization::identify(&self.state.verifier, request.headers()).await
        } else {
            Ok(Identity::Anonymous)
        };
        let status = if is_counted {
            quota::count(&self.counter, &request, &identity).await
        } else {
            None
        };
        let mut response = match status.as_ref().map_or(Ok(()), quota::check) {
            Err(error) => refuse(request, &error),
            Ok(()) => self.answer(request, identity, ctx).await?,
        };
        if let Some(status) = status {
            status.write(response.headers_mut());
        }
        Ok(response)
    }
}

impl<S> GuardService<S>
where
    S: Service<WebRequest<DefaultError>, Response = WebResponse, Error = Error>,
{
    /// Answers a request that is within its rate limit.
    async fn answer(
        &self,
        mut request: WebRequest<DefaultError>,
        identity: Result<Identity, AuthError>,
        ctx: ServiceCtx<'_, Self>,
    ) -> Result<WebResponse, Error> {
        if !is_graph(&request) {
            let answer = self.state.route(&self.proxy, &mut request).await;
            return Ok(request.into_response(answer));
        }
        let identity = match self.state.admit(identity, self.nodes.clone(), &mut request) {
            Ok(identity) => identity,
            Err(error) => return Ok(refuse(request, &error)),
        };
        if let Some(live) = &self.live
            && let Some(answer) = live::intercept(live, &identity, &mut request).await
        {
            return Ok(request.into_response(answer));
        }
        let mut response = ctx.call(&self.service, request).await?;
        // Responses are personal and may contain tokens.
        let no_store = HeaderValue::from_static("no-store");
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, no_store);
        Ok(response)
    }
}

/// Refuses a request in the format of the API that it was sent to.
fn refuse(mut request: WebRequest<DefaultError>, error: &ClientError) -> WebResponse {
    let answer = if is_graph(&request) {
        error.graphql(request.headers())
    } else {
        error.rest(&trace_id(&request))
    };
    let answer = drain_body::respond(answer, request.take_payload());
    request.into_response(answer)
}

fn is_graph(request: &WebRequest<DefaultError>) -> bool {
    request.path() == GRAPHQL_PATH
}

impl GuardState {
    /// Checks a GraphQL request and records its identity for the engine's hooks.
    fn admit(
        &self,
        identity: Result<Identity, AuthError>,
        nodes: Option<NodeResolver>,
        request: &mut WebRequest<DefaultError>,
    ) -> Result<Identity, ClientError> {
        request_shape::check(request.method(), request.headers())?;
        let identity = authorization::normalize_headers(
            identity,
            &self.internal_tokens,
            request.headers_mut(),
        )?;
        let recorded = RequestIdentity {
            is_signed_in: identity.viewer().is_some(),
            trace_id: trace_id(request),
            usage: self.usage_of(request),
        };
        // The engine creates the context when it runs the policy plugin. Without the plugin no request may be executed.
        let context = request.extensions().get::<Arc<PluginContext>>().cloned();
        let context = context.ok_or_else(|| {
            let fault = Fault::internal("the engine does not run the policy plugin");
            tracing::error!(error = %fault, "request failed");
            ClientError::from(fault)
        })?;
        context.insert(recorded);
        if let Some(nodes) = nodes {
            context.insert(nodes);
        }
        Ok(identity)
    }

    /// Usage of the client that wrote the operation; `None` for operations that the router made.
    fn usage_of(&self, request: &WebRequest<DefaultError>) -> Option<ClientUsage> {
        let recorder = self.recorder.as_ref()?;
        let purpose = request.extensions().get::<Purpose>().copied();
        purpose
            .is_none_or(Purpose::is_of_client)
            .then(|| recorder.of_client(ClientInfo::of(request.headers())))
    }
}

fn trace_id(request: &WebRequest<DefaultError>) -> TraceId {
    request
        .extensions()
        .get::<TraceId>()
        .cloned()
        .unwrap_or_default()
}
