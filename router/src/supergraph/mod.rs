//! The composed schema: what has to be true of it before the engine may have it.
//!
//! The engine loads almost anything and fails, or fails open, at the first operation: a schema without subgraphs, a
//! subgraph whose address nobody configured, an authorization directive under a name it does not look for.

mod authorization;
mod follow;
mod graphs;
mod origin;
mod plan;

use std::{fmt, sync::Arc};

pub(crate) use follow::Follower;
pub(crate) use origin::{First, Origin};

use hive_router::{
    config::HiveRouterConfig,
    query_planner::{
        consumer_schema::ConsumerSchema,
        planner::{Planner, PlannerError, QueryPlannerOptions},
        utils::parsing::safe_parse_schema,
    },
};

use crate::{
    config::Subgraphs,
    live::{self, SourceError, Sources},
};

/// The one in the repository.
pub(crate) const COMMITTED: &str = include_str!("../../../schema/supergraph.graphql");

/// A supergraph that the engine understands as it is meant.
#[derive(Clone)]
pub struct Supergraph {
    sdl: String,
    has_authorization: bool,
    planner: Arc<Planner>,
    sources: Sources,
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
    Source(#[from] SourceError),
    #[error("`node` in it cannot be answered, because the router asks what an id is of: {0}")]
    Nodes(String),
    #[error(
        "`Subscription.{0}` in it is of the subgraph `{1}`: the feeds of users, posts and messaging are known only"
    )]
    NoFeed(String, String),
}

impl Supergraph {
    /// Reads a composed schema and checks that the engine would do with it what it says.
    pub fn parse(sdl: String) -> Result<Self, SupergraphError> {
        let document = safe_parse_schema(&sdl).map_err(|error| {
            SupergraphError::Syntax(error.to_string().trim().replace('\n', ", "))
        })?;
        graphs::check(&document)?;
        let has_authorization = authorization::check(&document)?;
        let planner = Planner::new_from_supergraph(&document, QueryPlannerOptions::default())?;
        let sources = live::sources(&document, &planner.consumer_schema.document)?;
        let unknown = sources
            .iter()
            .find(|(_, source)| !Subgraphs::NAMES.contains(&source.subgraph.as_str()));
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
            sources,
        };
        if graphs::names(&document).any(|name| name == nodes::SUBGRAPH) {
            supergraph
                .plan(&crate::nodes::question())
                .map_err(SupergraphError::Nodes)?;
        }
        Ok(supergraph)
    }

    pub(crate) fn sdl(&self) -> &str {
        &self.sdl
    }

    /// The schema as clients see it.
    pub(crate) fn consumer(&self) -> &Arc<ConsumerSchema> {
        &self.planner.consumer_schema
    }

    /// Where the events of its subscriptions come from.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// Whether the engine with this configuration enforces every authorization directive of this schema. With `jwt`
    /// off it enforces none, without a word.
    pub(crate) fn is_enforced_by(&self, engine: &HiveRouterConfig) -> bool {
        !self.has_authorization || (engine.jwt.enabled && engine.authorization.directives.enabled)
    }
}

#[cfg(test)]
mod tests;
