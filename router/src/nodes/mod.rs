//! The subgraph `nodes`, answered within this process: `Query.node`.
//!
//! Its schema is the crate `nodes`, which knows none of the contexts. What an id is of, the graph itself is asked, on
//! behalf of the client and over the router's own front door (`crate::inside`): so everybody sees by `node` what they see by
//! the fields that name a type, and nothing else. The engine never connects to anything for it: `policy` takes its request
//! out of the engine's hands ([`answer`]), so there is no address at which anybody else could ask.

mod question;

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

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
pub(crate) use nodes::SUBGRAPH;
use nodes::{Found, Kinds, NodesSchema};
pub(crate) use question::question;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    edge::TRACEPARENT,
    inside::{Door, Errand, Head, Password},
    limits::Limits,
};

/// Questions that one worker asks at once.
const QUESTIONS: usize = 32;

/// What all workers answer with.
#[derive(Clone)]
pub(crate) struct Nodes(Arc<Settings>);

struct Settings {
    schema: NodesSchema,
    address: SocketAddr,
    password: Password,
    limits: Limits,
}

impl Nodes {
    /// Of a router that listens there.
    pub(crate) fn new(address: SocketAddr, password: Password, limits: Limits) -> Self {
        Self(Arc::new(Settings {
            schema: nodes::schema(),
            address,
            password,
            limits,
        }))
    }

    /// What one worker answers with.
    pub(crate) fn worker(&self) -> Option<Finder> {
        let settings = &self.0;
        let limits = &settings.limits;
        // Longer than the gate takes, so that it is the gate that says so.
        let patience = limits.request_timeout + Duration::from_secs(1);
        match Door::new(settings.address, settings.password.clone(), patience) {
            Ok(door) => Some(Finder(Arc::new(Desk {
                schema: settings.schema.clone(),
                door,
                turns: Semaphore::new(QUESTIONS),
                most: question::most(limits),
            }))),
            Err(error) => {
                tracing::error!(%error, "a worker answers no `node`");
                None
            }
        }
    }
}

/// Finds out what ids are of, on the thread of one worker. A request that may ask has it in its context.
#[derive(Clone)]
pub(crate) struct Finder(Arc<Desk>);

struct Desk {
    schema: NodesSchema,
    door: Door,
    turns: Semaphore,
    /// Ids in one question.
    most: usize,
}

/// Answers what the engine wants to know of the subgraph for a request with these headers.
pub(crate) async fn answer(
    context: &PluginContext,
    headers: &HeaderMap,
    request: &SubgraphExecutionRequest<'_>,
) -> SubgraphResponse<'static> {
    let finder = context.get_ref::<Finder>().map(|finder| finder.clone());
    let outcome = match finder {
        Some(finder) => execute(finder.0, headers, request).await,
        None => Err(Fault::internal("a worker without a finder")),
    };
    outcome.unwrap_or_else(|fault| {
        tracing::error!(error = %fault, "the subgraph of the router failed");
        let error = GraphQLError::from_message_and_code(fault.to_string(), fault.code());
        SubgraphResponse::from_graphql_error_to_response(error, StatusCode::OK)
    })
}

async fn execute(
    desk: Arc<Desk>,
    headers: &HeaderMap,
    request: &SubgraphExecutionRequest<'_>,
) -> Result<SubgraphResponse<'static>, Fault> {
    let mut operation = async_graphql::Request::new(request.query);
    if let Some(variables) = &request.variables {
        let json = sonic_rs::to_vec(variables).map_err(Fault::internal)?;
        operation = operation.variables(serde_json::from_slice(&json).map_err(Fault::internal)?);
    }
    let schema = desk.schema.clone();
    let asking = Box::new(Asking {
        desk,
        client: Client::of(headers),
    });
    let response = trace(headers)
        .scope(nodes::execute(&schema, operation, asking))
        .await;
    let json = serde_json::to_vec(&response).map_err(Fault::internal)?;
    SubgraphResponse::deserialize_from_bytes(Bytes::from(json), None).map_err(Fault::internal)
}

/// Where `edge` has noted it.
fn trace(headers: &HeaderMap) -> TraceContext {
    let mut noted = http::HeaderMap::new();
    let value = headers.get(TRACEPARENT).map(HeaderValue::as_bytes);
    if let Some(value) = value.and_then(|bytes| http::HeaderValue::from_bytes(bytes).ok()) {
        noted.insert(TRACEPARENT, value);
    }
    TraceContext::of(&noted)
}

/// Asks for one client.
struct Asking {
    desk: Arc<Desk>,
    client: Client,
}

/// What of a request says whose it is. The outer layers have settled all of it.
struct Client {
    authorization: Option<HeaderValue>,
    address: Option<HeaderValue>,
    agent: Option<HeaderValue>,
    trace: Option<HeaderValue>,
}

impl Client {
    fn of(headers: &HeaderMap) -> Self {
        Self {
            authorization: headers.get(AUTHORIZATION).cloned(),
            address: headers.get(FORWARDED_FOR).cloned(),
            agent: headers.get(USER_AGENT).cloned(),
            trace: headers.get(TRACEPARENT).cloned(),
        }
    }

    fn head(&self) -> Head<'_> {
        let address = self.address.as_ref().map(HeaderValue::as_bytes);
        Head {
            authorization: self.authorization.as_ref().map(HeaderValue::as_bytes),
            address: address.unwrap_or_default(),
            agent: self.agent.as_ref().map(HeaderValue::as_bytes),
            client: None,
            trace: self.trace.as_ref().map(HeaderValue::as_bytes),
        }
    }
}

impl Kinds for Asking {
    fn find<'a>(&'a self, ids: &'a [Uuid]) -> BoxFuture<'a, HashMap<Uuid, Found>> {
        Box::pin(async move {
            let questions = ids.chunks(self.desk.most).map(|ids| self.ask(ids));
            join_all(questions).await.into_iter().flatten().collect()
        })
    }
}

impl Asking {
    async fn ask(&self, ids: &[Uuid]) -> Vec<(Uuid, Found)> {
        let _turn = self.desk.turns.acquire().await;
        let body = question::body(ids);
        let said = self
            .desk
            .door
            .ask(self.client.head(), Errand::Kinds, body)
            .await;
        question::read(ids, said)
    }
}
