//! Pure functions on GraphQL documents and JSON: no I/O and no state.

pub(crate) mod expansion;
mod introspection;
mod json_depth;
pub(crate) mod operation;
mod size;

pub(crate) use hive_router::graphql_tools::static_graphql::query::Document;
pub(crate) use json_depth::{MAX_JSON_DEPTH, exceeds_json_depth};
pub(crate) use size::{SizeError, check_size};

/// Cuts the suggestion off a validation message. A suggestion names parts of the schema that the client did not write,
/// which would undo switched-off introspection.
pub(crate) fn without_suggestion(message: &str) -> &str {
    message.split(" Did you mean").next().unwrap_or(message)
}
