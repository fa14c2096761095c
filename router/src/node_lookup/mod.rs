//! Answers the subgraph `nodes` in this process: `Query.node`.
//!
//! The crate `node-subgraph` has the schema and knows none of the contexts. To find the type behind an ID, the router queries
//! the graph on behalf of the client with a loopback request, so `node` shows a client what the typed fields show it, and
//! nothing else. The engine opens no connection for this subgraph: `policy` intercepts the request ([`answer`]), so it has no
//! address that a client could reach.

mod query;

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use axum::body::Bytes;
use common::{client_address::FORWARDED_FOR, error::Fault, trace::TraceContext};
use futures_util::future::{BoxFuture, join_all};
use hive_router::{
    GraphQLError,
    executor::{
        executors::common::SubgraphExecutionRequest, response::subgraph_response::SubgraphResponse,
    },
    ntex::http::{
        HeaderMap, StatusCode,
        header::{AUTHORIZATION, HeaderValue, USER_AGENT},
    },
    plugins::{plugin_context::PluginContext, plugin_trait::FromGraphQLErrorToResponse},
    sonic_rs,
};
pub(crate) use node_subgraph::SUBGRAPH;
use node_subgraph::{KindLookup, KindResult, NodeSchema};
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    limits::Limits,
    loopback::{ForwardedIdentity, LoopbackClient, LoopbackSecret, Purpose},
    request::TRACEPARENT,
};

/// Concurrent look-up requests of one worker.
const MAX_LOOKUPS: usize = 32;

/// State that all workers share.
#[derive(Clone)]
pub(crate) struct NodeLookup(Arc<Shared>);

struct Shared {
    schema: NodeSchema,
    address: SocketAddr,
    secret: LoopbackSecret,
    limits: Limits,
}

impl NodeLookup {
    /// `address` is the address that this router listens on.
    pub(crate) fn new(address: SocketAddr, secret: LoopbackSecret, limits: Limits) -> Self {
        Self(Arc::new(Shared {
            schema: node_subgraph::schema(),
            address,
            secret,
            limits,
        }))
    }

    /// The resolver of one worker; `None`, with an error in the log, if it cannot be made.
    pub(crate) fn worker(&self) -> Option<NodeResolver> {
        let shared = &self.0;
        let limits = &shared.limits;
        match LoopbackClient::new(
            shared.address,
            shared.secret.clone(),
            limits.request_timeout,
        ) {
            Ok(loopback) => Some(NodeResolver(Arc::new(ResolverState {
                schema: shared.schema.clone(),
                loopback,
                lookups: Semaphore::new(MAX_LOOKUPS),
                max_ids: query::max_ids(limits),
            }))),
            Err(error) => {
                tracing::error!(%error, "a worker cannot answer `node`");
                None
            }
        }
    }
}

/// Resolves IDs on the thread of one worker. The guard puts it into the context of each request.
#[derive(Clone)]
pub(crate) struct NodeResolver(Arc<ResolverState>);

struct ResolverState {
    schema: NodeSchema,
    loopback: LoopbackClient,
    lookups: Semaphore,
    /// Maximum number of IDs in one request.
    max_ids: usize,
}

/// Answers a subgraph request of the engine. `headers` are those of the client's request.
pub(crate) async fn answer(
    context: &PluginContext,
    headers: &HeaderMap,
    request: &SubgraphExecutionRequest<'_>,
) -> SubgraphResponse<'static> {
    let resolver = context
        .get_ref::<NodeResolver>()
        .map(|resolver| resolver.clone());
    let outcome = match resolver {
        Some(resolver) => execute(resolver.0, headers, request).await,
        None => Err(Fault::internal("a worker without a resolver")),
    };
    outcome.unwrap_or_else(|fault| {
        tracing::error!(error = %fault, "the `nodes` subgraph failed");
        let error = GraphQLError::from_message_and_code(fault.to_string(), fault.code());
        SubgraphResponse::from_graphql_error_to_response(error, StatusCode::OK)
    })
}

async fn execute(
    state: Arc<ResolverState>,
    headers: &HeaderMap,
    request: &SubgraphExecutionRequest<'_>,
) -> Result<SubgraphResponse<'static>, Fault> {
    let mut operation = async_graphql::Request::new(request.query);
    if let Some(variables) = &request.variables {
        let json = sonic_rs::to_vec(variables).map_err(Fault::internal)?;
        operation = operation.variables(serde_json::from_slice(&json).map_err(Fault::internal)?);
    }
    let schema = state.schema.clone();
    let lookup = Box::new(ClientLookup {
        state,
        client: ForwardedHeaders::of(headers),
    });
    let response = trace(headers)
        .scope(node_subgraph::execute(&schema, operation, lookup))
        .await;
    let json = serde_json::to_vec(&response).map_err(Fault::internal)?;
    SubgraphResponse::deserialize_from_bytes(Bytes::from(json), None).map_err(Fault::internal)
}

/// Trace context that `http_layer` has set.
fn trace(headers: &HeaderMap) -> TraceContext {
    let mut traced = http::HeaderMap::new();
    let value = headers.get(TRACEPARENT).map(HeaderValue::as_bytes);
    if let Some(value) = value.and_then(|bytes| http::HeaderValue::from_bytes(bytes).ok()) {
        traced.insert(TRACEPARENT, value);
    }
    TraceContext::of(&traced)
}

/// Looks up IDs on behalf of one client.
struct ClientLookup {
    state: Arc<ResolverState>,
    client: ForwardedHeaders,
}

/// Headers that identify the client. The outer layers have verified all of them.
struct ForwardedHeaders {
    authorization: Option<HeaderValue>,
    address: Option<HeaderValue>,
    agent: Option<HeaderValue>,
    trace: Option<HeaderValue>,
}

impl ForwardedHeaders {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            authorization: headers.get(AUTHORIZATION).cloned(),
            address: headers.get(FORWARDED_FOR).cloned(),
            agent: headers.get(USER_AGENT).cloned(),
            trace: headers.get(TRACEPARENT).cloned(),
        }
    }

    fn identity(&self) -> ForwardedIdentity<'_> {
        let address = self.address.as_ref().map(HeaderValue::as_bytes);
        ForwardedIdentity {
            authorization: self.authorization.as_ref().map(HeaderValue::as_bytes),
            address: address.unwrap_or_default(),
            agent: self.agent.as_ref().map(HeaderValue::as_bytes),
            client: None,
            trace: self.trace.as_ref().map(HeaderValue::as_bytes),
        }
    }
}

impl KindLookup for ClientLookup {
    fn find<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, HashMap<Uuid, KindResult>> {
        Box::pin(async move {
            let lookups = ids.chunks(self.state.max_ids).map(|ids| self.look_up(ids));
            join_all(lookups).await.into_iter().flatten().collect()
        })
    }
}

impl ClientLookup {
    async fn look_up(&self, ids: &[Uuid]) -> Vec<(Uuid, KindResult)> {
        let _permit = self.state.lookups.acquire().await;
        let body = query::request_body(ids);
        let response = self
            .state
            .loopback
            .send(self.client.identity(), Purpose::NodeLookup, body)
            .await;
        query::parse_response(ids, response)
    }
}
