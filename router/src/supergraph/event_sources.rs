//! The source of the events of each `Subscription` field, and the `Query` field that renders one event.

use std::collections::HashMap;

use hive_router::graphql_tools::static_graphql::schema::{
    Directive, Document, EnumType, Field, ObjectType, Type, TypeDefinition, Value,
};

/// Sources by the name of the `Subscription` field.
pub(crate) type EventSources = HashMap<String, EventSource>;

/// The source of one `Subscription` field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EventSource {
    /// Name of the subgraph whose service publishes the events.
    pub(crate) subgraph: String,
    /// The `Query` field that returns the entity of an event by its `id`.
    pub(crate) query: String,
}

/// Why the subscriptions of a supergraph cannot be served.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EventSourceError {
    #[error("`Subscription.{0}` in it is of no subgraph")]
    NoSubgraph(String),
    #[error(
        "`Subscription.{0}` in it has events of type `{1}`, and `Query` no field that has one by nothing but `id: ID!`"
    )]
    NoQuery(String, String),
}

/// Finds the sources in the supergraph and its public schema.
pub(super) fn find(
    supergraph: &Document,
    consumer: &Document,
) -> Result<EventSources, EventSourceError> {
    let Some(subscription) = object(supergraph, consumer.subscription_type()) else {
        return Ok(EventSources::new());
    };
    let visible = subscription.fields.iter().filter(|field| {
        let shown = consumer.subscription_type();
        shown.is_some_and(|shown| shown.fields.iter().any(|other| other.name == field.name))
    });
    visible
        .map(|field| {
            let subgraph = subgraph(supergraph, subscription, field)
                .ok_or_else(|| EventSourceError::NoSubgraph(field.name.clone()))?;
            let query = query(consumer, &field.field_type).ok_or_else(|| {
                EventSourceError::NoQuery(field.name.clone(), field.field_type.to_string())
            })?;
            Ok((field.name.clone(), EventSource { subgraph, query }))
        })
        .collect()
}

/// The type in the supergraph, which has the federation directives.
fn object<'a>(supergraph: &'a Document, shown: Option<&ObjectType>) -> Option<&'a ObjectType> {
    match supergraph.type_by_name(&shown?.name)? {
        TypeDefinition::Object(object) => Some(object),
        _ => None,
    }
}

/// Name of the subgraph that resolves a field: that of the field if it names one, else that of its type.
fn subgraph(supergraph: &Document, of: &ObjectType, field: &Field) -> Option<String> {
    let own =
        |directive: &&Directive| directive.name == "join__field" && !is_true(directive, "external");
    let by_field = field.directives.iter().find(own);
    let by_type = || of.directives.iter().find(|d| d.name == "join__type");
    let graph = argument(by_field.or_else(by_type)?, "graph")?;
    let value = graphs(supergraph)?
        .values
        .iter()
        .find(|value| value.name == graph)?;
    let described = value.directives.iter().find(|d| d.name == "join__graph")?;
    argument(described, "name").map(str::to_owned)
}

/// The enum of subgraphs that composition generates.
fn graphs(supergraph: &Document) -> Option<&EnumType> {
    match supergraph.type_by_name("join__Graph")? {
        TypeDefinition::Enum(graphs) => Some(graphs),
        _ => None,
    }
}

/// The `Query` field that returns an entity of this type by its ID alone; of several, the one named after the type.
fn query(consumer: &Document, events: &Type) -> Option<String> {
    let events = named(events)?;
    let mut candidates = consumer
        .query_type()
        .fields
        .iter()
        .filter(|field| named(&field.field_type) == Some(events) && is_by_id(field));
    let first = candidates.next()?;
    let preferred = lower_camel(events);
    let rest = candidates.find(|field| field.name == preferred);
    Some(
        rest.filter(|_| first.name != preferred)
            .unwrap_or(first)
            .name
            .clone(),
    )
}

/// The name of a type that is not a list.
fn named(of: &Type) -> Option<&str> {
    match of {
        Type::NamedType(name) => Some(name),
        Type::NonNullType(inner) => named(inner),
        Type::ListType(_) => None,
    }
}

fn is_by_id(field: &Field) -> bool {
    let is_required =
        |value_type: &Type, default: Option<&Value>| value_type.is_non_null() && default.is_none();
    let mut required = field
        .arguments
        .iter()
        .filter(|argument| is_required(&argument.value_type, argument.default_value.as_ref()));
    match (required.next(), required.next()) {
        (Some(only), None) => only.name == "id" && only.value_type.to_string() == "ID!",
        _ => false,
    }
}

fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}

fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    let value = directive.arguments.iter().find(|(key, _)| key == name);
    match value {
        Some((_, Value::Enum(text) | Value::String(text))) => Some(text),
        _ => None,
    }
}

fn is_true(directive: &Directive, name: &str) -> bool {
    let mut arguments = directive.arguments.iter();
    arguments.any(|(key, value)| key == name && *value == Value::Boolean(true))
}

#[cfg(test)]
mod tests {
    use hive_router::query_planner::{
        consumer_schema::ConsumerSchema, utils::parsing::safe_parse_schema,
    };

    use super::*;

    /// A supergraph in which clients may subscribe to this field and ask for these.
    fn sources(subscription: &str, queries: &str) -> Result<EventSources, EventSourceError> {
        let sdl = format!(
            "schema {{ query: Query subscription: Subscription }}
             enum join__Graph {{
                 A @join__graph(name: \"alpha\", url: \"http://a\")
                 B @join__graph(name: \"beta\", url: \"http://b\")
             }}
             type Query @join__type(graph: A) @join__type(graph: B) {{ {queries} }}
             type Subscription @join__type(graph: A) @join__type(graph: B) {{ {subscription} }}
             type Note @join__type(graph: A) {{ id: ID! }}"
        );
        let supergraph = safe_parse_schema(&sdl).unwrap();
        let consumer = ConsumerSchema::new_from_supergraph(&supergraph);
        find(&supergraph, &consumer.document)
    }

    const FIELD: &str = "noted: Note! @join__field(graph: B)";

    #[test]
    fn the_field_says_the_service_and_its_type_the_query() {
        let found = sources(FIELD, "note(id: ID!): Note").unwrap();
        let expected = EventSource {
            subgraph: "beta".to_owned(),
            query: "note".to_owned(),
        };
        assert_eq!(found, [("noted".to_owned(), expected)].into());
    }

    #[test]
    fn of_several_queries_the_one_named_after_the_type_is_taken() {
        for queries in [
            "note(id: ID!): Note memo(id: ID!): Note",
            "memo(id: ID!): Note note(id: ID!): Note",
            "other(id: ID!): Int memo(id: ID!, more: Int): Note note(id: ID!, in: Int! = 3): Note",
        ] {
            let found = sources(FIELD, queries).unwrap();
            assert_eq!(found["noted"].query, "note", "{queries}");
        }
    }

    #[test]
    fn events_that_no_query_shows_are_refused() {
        for queries in [
            "note(id: ID): Note",
            "note(id: Int!): Note",
            "note(id: ID!, in: Int!): Note",
            "notes(id: ID!): [Note!]",
            "note(key: ID!): Note",
        ] {
            let error = sources(FIELD, queries).unwrap_err();
            let expected = EventSourceError::NoQuery("noted".to_owned(), "Note!".to_owned());
            assert_eq!(error, expected, "{queries}");
        }
        let list = "noted: [Note!]! @join__field(graph: B)";
        assert!(sources(list, "note(id: ID!): Note").is_err());
    }

    #[test]
    fn a_schema_without_subscriptions_has_none() {
        let sdl = "type Query { a: Int }";
        let supergraph = safe_parse_schema(sdl).unwrap();
        let consumer = ConsumerSchema::new_from_supergraph(&supergraph);
        assert_eq!(
            find(&supergraph, &consumer.document),
            Ok(EventSources::new())
        );
    }
}
