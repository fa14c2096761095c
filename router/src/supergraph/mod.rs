//! The composed schema, checked before the engine gets it.
//!
//! The engine loads almost any schema and fails, or fails open, at the first operation: a schema without subgraphs, a
//! subgraph without a configured address, an authorization directive under a name that the engine does not know.

mod authorization;
mod event_sources;
mod graphs;
mod origin;
mod plan;

use std::{fmt, sync::Arc};

use contexts::Context;
use hive_router::{
    config::HiveRouterConfig,
    query_planner::{
        consumer_schema::ConsumerSchema,
        planner::{Planner, PlannerError, QueryPlannerOptions},
        utils::parsing::safe_parse_schema,
    },
};

pub use event_sources::EventSourceError;
pub(crate) use event_sources::EventSources;
pub(crate) use origin::{NewSupergraph, Origin, Revision};

/// The supergraph in the repository, compiled in.
pub(crate) const COMMITTED: &str = include_str!("../../../schema/supergraph.graphql");

/// A checked supergraph.
#[derive(Clone)]
pub struct Supergraph {
    sdl: String,
    has_authorization: bool,
    planner: Arc<Planner>,
    event_sources: EventSources,
}

impl fmt::Debug for Supergraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supergraph").finish_non_exhaustive()
    }
}

/// Why a supergraph is not served.
#[derive(Debug, thiserror::Error)]
pub enum SupergraphError {
    #[error("not a GraphQL schema: {0}")]
    Syntax(String),
    #[error("no subgraph in it: it was not composed")]
    NotComposed,
    #[error(
        "the subgraph `{0}` in it has no address: neither here nor in it, where `{1}` is no http URL"
    )]
    NoAddress(String, String),
    #[error(
        "`@{0}` in it would not be enforced: the engine looks for `@{1}` with a @link to its specification only"
    )]
    Unenforced(String, &'static str),
    #[error("the query planner refuses it: {0}")]
    Planner(#[from] PlannerError),
    #[error(transparent)]
    EventSource(#[from] EventSourceError),
    #[error("`node` in it cannot be answered, because the router asks what an id is of: {0}")]
    Nodes(String),
    #[error(
        "`Subscription.{0}` in it is of the subgraph `{1}`: only the services of this system have event feeds"
    )]
    NoFeed(String, String),
}

impl Supergraph {
    /// Parses a composed schema and checks that the engine would execute and enforce all of it.
    pub fn parse(sdl: String) -> Result<Self, SupergraphError> {
        let document = safe_parse_schema(&sdl).map_err(|error| {
            SupergraphError::Syntax(error.to_string().trim().replace('\n', ", "))
        })?;
        graphs::check(&document)?;
        let has_authorization = authorization::check(&document)?;
        let planner = Planner::new_from_supergraph(&document, QueryPlannerOptions::default())?;
        let event_sources = event_sources::find(&document, &planner.consumer_schema.document)?;
        let unknown = event_sources
            .iter()
            .find(|(_, source)| Context::by_name(&source.subgraph).is_none());
        if let Some((field, source)) = unknown {
            return Err(SupergraphError::NoFeed(
                field.clone(),
                source.subgraph.clone(),
            ));
        }
        let supergraph = Self {
            sdl,
            has_authorization,
            planner: Arc::new(planner),
            event_sources,
        };
        if graphs::names(&document).any(|name| name == node_subgraph::SUBGRAPH) {
            supergraph
                .plan(&node_subgraph::lookup::document(1))
                .map_err(SupergraphError::Nodes)?;
        }
        Ok(supergraph)
    }

    pub(crate) fn sdl(&self) -> &str {
        &self.sdl
    }

    /// The public schema, without federation directives.
    pub(crate) fn consumer(&self) -> &Arc<ConsumerSchema> {
        &self.planner.consumer_schema
    }

    /// The sources of the events of each subscription field.
    pub(crate) fn event_sources(&self) -> &EventSources {
        &self.event_sources
    }

    /// Whether the engine with this configuration enforces every authorization directive of this schema. While `jwt` is off it
    /// silently enforces none.
    pub(crate) fn is_enforced_by(&self, engine: &HiveRouterConfig) -> bool {
        !self.has_authorization || (engine.jwt.enabled && engine.authorization.directives.enabled)
    }
}

#[cfg(test)]
mod tests;
