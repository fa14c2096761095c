//! Finds the single field that a subscription selects.

use std::collections::HashMap;

use hive_router::graphql_tools::static_graphql::query::{
    Directive, Document, Field, FragmentDefinition, Selection, SelectionSet,
};

use crate::{graphql::operation, request::ClientError};

/// Maximum nesting of fragments around the root field; deeper nesting is a cycle or an attack.
const MAX_CHAIN: usize = 20;

/// The root field, within fragments or not. Several fields, or a conditional one, are refused, because the events of the
/// stream would be ambiguous.
pub(super) fn field<'a>(
    document: &'a Document,
    selection: &'a SelectionSet,
) -> Result<&'a Field, ClientError> {
    let fragments = operation::fragments(document);
    let mut found = Vec::new();
    collect(selection, &fragments, 0, &mut found)?;
    match found.as_slice() {
        [field] if field.name == "__typename" => Err(refused("__typename is not an event")),
        [field] => Ok(field),
        _ => Err(refused("it selects more than one")),
    }
}

fn collect<'a>(
    selection: &'a SelectionSet,
    fragments: &HashMap<&str, &'a FragmentDefinition>,
    chain: usize,
    found: &mut Vec<&'a Field>,
) -> Result<(), ClientError> {
    if chain > MAX_CHAIN {
        return Err(refused("its fragments are too deep"));
    }
    for item in &selection.items {
        let (directives, within) = match item {
            Selection::Field(field) => {
                found.push(field);
                (&field.directives, None)
            }
            Selection::InlineFragment(inline) => (&inline.directives, Some(&inline.selection_set)),
            Selection::FragmentSpread(spread) => {
                let fragment = fragments.get(spread.fragment_name.as_str());
                let within = fragment.map(|fragment| &fragment.selection_set);
                (&spread.directives, within)
            }
        };
        if directives.iter().any(is_condition) {
            return Err(refused("@skip and @include have no place there"));
        }
        if let Some(within) = within {
            collect(within, fragments, chain + 1, found)?;
        }
    }
    Ok(())
}

fn is_condition(directive: &Directive) -> bool {
    directive.name == "skip" || directive.name == "include"
}

fn refused(why: &str) -> ClientError {
    ClientError::bad_request(
        "SingleFieldSubscriptions",
        format!("A subscription selects exactly one field of Subscription: {why}."),
    )
}

#[cfg(test)]
mod tests {
    use hive_router::{
        graphql_tools::static_graphql::query::Definition,
        query_planner::utils::parsing::parse_operation,
    };

    use super::*;

    fn root(text: &str) -> Result<String, String> {
        let document = parse_operation(text);
        let selection = document
            .definitions
            .iter()
            .find_map(|definition| match definition {
                Definition::Operation(operation) => Some(operation::selection_set(operation)),
                Definition::Fragment(_) => None,
            });
        field(&document, selection.unwrap())
            .map(|field| field.name.clone())
            .map_err(|problem| problem.body())
    }

    #[test]
    fn finds_the_field_in_fragments() {
        for text in [
            "subscription { noted { id } }",
            "subscription { ... { ... on Subscription { noted { id } } } }",
            "subscription { ...F } fragment F on Subscription { noted { id } }",
        ] {
            assert_eq!(root(text), Ok("noted".to_owned()), "{text}");
        }
    }

    #[test]
    fn refuses_anything_but_one_unconditional_field() {
        for (text, why) in [
            ("subscription { a b }", "more than one"),
            (
                "subscription { a ...F } fragment F on Subscription { b }",
                "more than one",
            ),
            ("subscription { x: a y: a }", "more than one"),
            ("subscription { __typename }", "__typename"),
            ("subscription { a @skip(if: true) }", "@skip"),
            (
                "subscription($b: Boolean!) { ... @include(if: $b) { a } }",
                "@include",
            ),
            (
                "subscription { ...F } fragment F on Subscription { ...F }",
                "too deep",
            ),
        ] {
            let refused = root(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
