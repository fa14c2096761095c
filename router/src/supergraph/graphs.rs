//! The subgraphs of a supergraph, and where each is.

use contexts::Context;
use hive_router::graphql_tools::static_graphql::schema::{
    Definition, Directive, Document, TypeDefinition, Value,
};
use url::Url;

use super::SupergraphError;

/// Checks that there are subgraphs, and that each has an address: here, or in the supergraph.
pub(super) fn check(document: &Document) -> Result<(), SupergraphError> {
    let mut any = false;
    for directive in listed(document).ok_or(SupergraphError::NotComposed)? {
        any = true;
        let name = argument(directive, "name").unwrap_or_default();
        let url = argument(directive, "url").unwrap_or_default();
        let is_known = Context::by_name(name).is_some() || name == node_subgraph::SUBGRAPH;
        if !is_known && !is_address(url) {
            return Err(SupergraphError::NoAddress(name.to_owned(), url.to_owned()));
        }
    }
    if any {
        Ok(())
    } else {
        Err(SupergraphError::NotComposed)
    }
}

/// The names of the subgraphs.
pub(super) fn names(document: &Document) -> impl Iterator<Item = &str> {
    let listed = listed(document).into_iter().flatten();
    listed.filter_map(|directive| argument(directive, "name"))
}

/// What is said of each subgraph; none when it was not composed.
fn listed(document: &Document) -> Option<impl Iterator<Item = &Directive>> {
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
        })?;
    Some(graphs.values.iter().flat_map(|value| &value.directives))
}

fn is_address(url: &str) -> bool {
    Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
}

pub(super) fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a str> {
    directive
        .arguments
        .iter()
        .find_map(|(argument, value)| match value {
            Value::String(text) if argument == name => Some(text.as_str()),
            _ => None,
        })
}
