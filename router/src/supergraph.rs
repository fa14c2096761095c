//! The composed schema: what has to be true of it before the engine may have it.
//!
//! The engine loads almost anything and fails, or fails open, at the first operation: a schema without subgraphs, a
//! subgraph whose address nobody configured, an authorization directive under a name it does not look for.

use std::sync::Arc;

use hive_router::{
    config::HiveRouterConfig,
    graphql_tools::static_graphql::schema::{
        Definition, Directive, Document, TypeDefinition, Value,
    },
    query_planner::{
        consumer_schema::ConsumerSchema,
        planner::{Planner, PlannerError, QueryPlannerOptions},
        utils::parsing::safe_parse_schema,
    },
};

use crate::live::{self, SourceError, Sources};

const COMMITTED: &str = include_str!("../../schema/supergraph.graphql");

/// The subgraphs that have a configured address, and the one that needs none.
const SUBGRAPHS: [&str; 4] = ["users", "posts", "messaging", nodes::SUBGRAPH];

/// The directives that say who may see what.
const AUTHORIZATION: [&str; 3] = ["authenticated", "requiresScopes", "policy"];

/// A supergraph that the engine understands as it is meant.
#[derive(Clone, Debug)]
pub(crate) struct Supergraph {
    sdl: String,
    has_authorization: bool,
    consumer: Arc<ConsumerSchema>,
    sources: Sources,
}

/// Why a supergraph is not served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SupergraphError {
    #[error("not a GraphQL schema: {0}")]
    Syntax(String),
    #[error("no subgraph in it: it was not composed")]
    NotComposed,
    #[error("the subgraph `{0}` in it has no address here")]
    UnknownSubgraph(String),
    #[error(
        "`@{0}` in it would not be enforced: the engine looks for `@{1}` with a @link to its specification only"
    )]
    Unenforced(String, &'static str),
    #[error("the query planner refuses it: {0}")]
    Planner(#[from] PlannerError),
    #[error(transparent)]
    Source(#[from] SourceError),
}

impl Supergraph {
    /// The one in the repository.
    pub(crate) fn committed() -> Result<Self, SupergraphError> {
        Self::parse(COMMITTED.to_owned())
    }

    pub(crate) fn parse(sdl: String) -> Result<Self, SupergraphError> {
        let document = safe_parse_schema(&sdl).map_err(|error| {
            SupergraphError::Syntax(error.to_string().trim().replace('\n', ", "))
        })?;
        check_subgraphs(&document)?;
        let has_authorization = check_authorization(&document)?;
        let planner = Planner::new_from_supergraph(&document, QueryPlannerOptions::default())?;
        let consumer = planner.consumer_schema;
        let sources = live::sources(&document, &consumer.document)?;
        Ok(Self {
            sdl,
            has_authorization,
            consumer,
            sources,
        })
    }

    pub(crate) fn sdl(&self) -> &str {
        &self.sdl
    }

    /// The schema as clients see it.
    pub(crate) fn consumer(&self) -> &Arc<ConsumerSchema> {
        &self.consumer
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

fn check_subgraphs(document: &Document) -> Result<(), SupergraphError> {
    let graphs = document
        .definitions
        .iter()
        .find_map(|definition| match definition {
            Definition::TypeDefinition(TypeDefinition::Enum(graphs))
                if graphs.name == "join__Graph" =>
            {
                Some(graphs)
            }
            _ => None,
        })
        .ok_or(SupergraphError::NotComposed)?;
    let mut any = false;
    for directive in graphs.values.iter().flat_map(|value| &value.directives) {
        any = true;
        let name = argument(directive, "name").unwrap_or_default();
        if !SUBGRAPHS.contains(&name) {
            return Err(SupergraphError::UnknownSubgraph(name.to_owned()));
        }
    }
    if any {
        Ok(())
    } else {
        Err(SupergraphError::NotComposed)
    }
}

/// Whether anything in the schema is under authorization; an error when the engine would not see it.
fn check_authorization(document: &Document) -> Result<bool, SupergraphError> {
    let mut any = false;
    for directive in applied(document) {
        let plain = directive
            .name
            .rsplit("__")
            .next()
            .unwrap_or(&directive.name);
        if let Some(known) = AUTHORIZATION.into_iter().find(|known| *known == plain) {
            if directive.name != known || !is_linked(document, known) {
                return Err(SupergraphError::Unenforced(directive.name.clone(), known));
            }
            any = true;
        }
    }
    Ok(any)
}

fn is_linked(document: &Document, specification: &str) -> bool {
    let prefix = format!("https://specs.apollo.dev/{specification}/");
    document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::SchemaDefinition(schema) => Some(&schema.directives),
            _ => None,
        })
        .flatten()
        .any(|directive| {
            directive.name == "link"
                && argument(directive, "url").is_some_and(|url| url.starts_with(&prefix))
        })
}

/// Every directive on a type or a field.
fn applied(document: &Document) -> Vec<&Directive> {
    let mut all = Vec::new();
    for definition in &document.definitions {
        let Definition::TypeDefinition(definition) = definition else {
            continue;
        };
        match definition {
            TypeDefinition::Scalar(scalar) => all.extend(&scalar.directives),
            TypeDefinition::Object(object) => {
                all.extend(&object.directives);
                all.extend(object.fields.iter().flat_map(|field| &field.directives));
            }
            TypeDefinition::Interface(interface) => {
                all.extend(&interface.directives);
                all.extend(interface.fields.iter().flat_map(|field| &field.directives));
            }
            TypeDefinition::Union(union) => all.extend(&union.directives),
            TypeDefinition::Enum(variants) => {
                all.extend(&variants.directives);
                all.extend(variants.values.iter().flat_map(|value| &value.directives));
            }
            TypeDefinition::InputObject(input) => all.extend(&input.directives),
        }
    }
    all
}

fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    directive
        .arguments
        .iter()
        .find_map(|(argument, value)| match value {
            Value::String(text) if argument == name => Some(text.as_str()),
            _ => None,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURE: &str = include_str!("../tests/fixtures/supergraph.graphql");

    fn refusal(sdl: &str) -> String {
        Supergraph::parse(sdl.to_owned()).unwrap_err().to_string()
    }

    #[test]
    fn the_committed_supergraph_can_be_served() {
        Supergraph::committed().unwrap();
    }

    #[test]
    fn what_was_not_composed_is_refused() {
        assert!(refusal("type Query {").starts_with("not a GraphQL schema"));
        assert_eq!(
            refusal("type Query { a: Int }"),
            "no subgraph in it: it was not composed"
        );
    }

    #[test]
    fn a_subgraph_without_an_address_is_refused() {
        let sdl = FIXTURE.replace("name: \"posts\"", "name: \"billing\"");
        assert_ne!(sdl, FIXTURE);
        assert_eq!(
            refusal(&sdl),
            "the subgraph `billing` in it has no address here"
        );
    }

    #[test]
    fn a_subscription_whose_events_no_query_shows_is_refused() {
        let sdl = FIXTURE.replace("note(id: ID!): Note", "note(id: ID): Note");
        assert_ne!(sdl, FIXTURE);
        assert_eq!(
            refusal(&sdl),
            "`Subscription.noted` in it has events of type `Note!`, and `Query` no field that has one by nothing but \
             `id: ID!`"
        );
    }

    #[test]
    fn authorization_that_the_engine_would_not_see_is_refused() {
        assert!(
            FIXTURE.contains("@requiresScopes("),
            "the fixture has a protected field"
        );
        let unlinked = FIXTURE.replace(
            "https://specs.apollo.dev/requiresScopes/",
            "https://example.com/scopes/",
        );
        assert!(refusal(&unlinked).contains("`@requiresScopes` in it would not be enforced"));
        let renamed = FIXTURE.replace("@requiresScopes(", "@federation__requiresScopes(");
        assert!(
            refusal(&renamed).contains("`@federation__requiresScopes` in it would not be enforced")
        );
    }

    #[test]
    fn authorization_is_not_enforced_by_an_engine_without_jwt() {
        let supergraph = Supergraph::parse(FIXTURE.to_owned()).unwrap();
        let mut engine = HiveRouterConfig::default();
        assert!(
            !supergraph.is_enforced_by(&engine),
            "the engine's default has jwt off"
        );
        engine.jwt.enabled = true;
        assert!(supergraph.is_enforced_by(&engine));
        engine.authorization.directives.enabled = false;
        assert!(!supergraph.is_enforced_by(&engine));
    }
}
