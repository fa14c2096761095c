//! Derives the query that renders one event from the client's subscription.
//!
//! `subscription($c: ID) { heard: messageReceived(conversationId: $c) { text } }` is for each event
//! `query($id: ID!) { heard: message(id: $id) { text } }`. The ID is a variable, so that the engine plans the query once for
//! every event of every client with this operation.

use std::collections::BTreeSet;

use hive_router::graphql_tools::static_graphql::query::{
    Definition, Directive, Document, Field, OperationDefinition, Query, Selection, SelectionSet,
    Subscription, Type, Value, VariableDefinition,
};

use crate::graphql::operation;

/// A rewritten operation.
#[derive(Debug)]
pub(super) struct Rewritten {
    pub(super) document: String,
    /// The client's variables that the query still uses.
    pub(super) variables: Vec<String>,
    /// Name of the variable for the event's ID.
    pub(super) id: String,
}

pub(super) fn rewrite(
    document: &Document,
    subscription: &Subscription,
    root: &Field,
    query: &str,
) -> Rewritten {
    let mut used = Used::default();
    let fragments = operation::fragments(document);
    used.selection_set(&root.selection_set);
    used.directives(&root.directives);
    // Each pass may find further fragments; validation reports unknown ones.
    let mut looked_into = BTreeSet::new();
    while let Some(name) = used.fragments.difference(&looked_into).next().copied() {
        looked_into.insert(name);
        if let Some(fragment) = fragments.get(name) {
            used.directives(&fragment.directives);
            used.selection_set(&fragment.selection_set);
        }
    }
    let id = fresh(&subscription.variable_definitions);
    let mut variable_definitions: Vec<VariableDefinition> = subscription
        .variable_definitions
        .iter()
        .filter(|definition| used.variables.contains(definition.name.as_str()))
        .cloned()
        .collect();
    let variables = variable_definitions.iter();
    let variables = variables
        .map(|definition| definition.name.clone())
        .collect();
    variable_definitions.push(VariableDefinition {
        position: subscription.position,
        name: id.clone(),
        var_type: Type::NonNullType(Box::new(Type::NamedType("ID".to_owned()))),
        default_value: None,
    });
    let mut field = root.clone();
    field.alias = root.alias.clone().or_else(|| Some(root.name.clone()));
    query.clone_into(&mut field.name);
    field.arguments = vec![("id".to_owned(), Value::Variable(id.clone()))];
    let operation = Query {
        position: subscription.position,
        name: subscription.name.clone(),
        variable_definitions,
        directives: Vec::new(),
        selection_set: SelectionSet {
            span: subscription.selection_set.span,
            items: vec![Selection::Field(field)],
        },
    };
    let mut definitions = vec![Definition::Operation(OperationDefinition::Query(operation))];
    let kept = document.definitions.iter().filter(|definition| {
        matches!(definition, Definition::Fragment(fragment) if looked_into.contains(fragment.name.as_str()))
    });
    definitions.extend(kept.cloned());
    Rewritten {
        document: Document { definitions }.to_string(),
        variables,
        id,
    }
}

/// A variable name that the client does not use.
fn fresh(definitions: &[VariableDefinition]) -> String {
    let mut name = "id".to_owned();
    while definitions.iter().any(|definition| definition.name == name) {
        name.push('_');
    }
    name
}

/// Variables and fragments that a part of a document refers to.
#[derive(Default)]
struct Used<'a> {
    variables: BTreeSet<&'a str>,
    fragments: BTreeSet<&'a str>,
}

impl<'a> Used<'a> {
    fn selection_set(&mut self, set: &'a SelectionSet) {
        for item in &set.items {
            match item {
                Selection::Field(field) => {
                    self.arguments(&field.arguments);
                    self.directives(&field.directives);
                    self.selection_set(&field.selection_set);
                }
                Selection::InlineFragment(inline) => {
                    self.directives(&inline.directives);
                    self.selection_set(&inline.selection_set);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives);
                    self.fragments.insert(&spread.fragment_name);
                }
            }
        }
    }

    fn directives(&mut self, directives: &'a [Directive]) {
        for directive in directives {
            self.arguments(&directive.arguments);
        }
    }

    fn arguments(&mut self, arguments: &'a [(String, Value)]) {
        for (_name, value) in arguments {
            self.variables.extend(value.variables_in_use());
        }
    }
}

#[cfg(test)]
mod tests {
    use hive_router::query_planner::utils::parsing::parse_operation;

    use super::*;
    use crate::live::operation::root;

    fn rewritten(text: &str) -> Rewritten {
        let document = parse_operation(text);
        let subscription = document
            .definitions
            .iter()
            .find_map(|definition| match definition {
                Definition::Operation(OperationDefinition::Subscription(subscription)) => {
                    Some(subscription)
                }
                _ => None,
            })
            .unwrap();
        let root = root::field(&document, &subscription.selection_set).unwrap();
        rewrite(&document, subscription, root, "note")
    }

    fn normal(text: &str) -> String {
        parse_operation(text).to_string()
    }

    #[test]
    fn the_event_is_asked_for_under_the_name_that_the_client_gave_it() {
        let plain = rewritten("subscription S { noted(in: 3) { id } }");
        assert_eq!(
            plain.document,
            normal("query S($id: ID!) { noted: note(id: $id) { id } }")
        );
        let alias = rewritten("subscription { heard: noted { id } }");
        assert_eq!(
            alias.document,
            normal("query($id: ID!) { heard: note(id: $id) { id } }")
        );
    }

    #[test]
    fn only_what_is_still_used_is_kept() {
        let rewritten = rewritten(
            "subscription($in: ID, $id: Int, $b: Boolean = true, $c: [Int!]) {
                ...Root
             }
             fragment Root on Subscription { noted(in: $in) { ...A } }
             fragment A on Note { id @include(if: $b) ...B }
             fragment B on Note { x(list: [{ a: $c }]) }
             fragment C on Note { y(z: $id) }",
        );
        assert_eq!(
            rewritten.document,
            normal(
                "query($b: Boolean = true, $c: [Int!], $id_: ID!) { noted: note(id: $id_) { ...A } }
                 fragment A on Note { id @include(if: $b) ...B }
                 fragment B on Note { x(list: [{ a: $c }]) }"
            )
        );
        assert_eq!(rewritten.variables, ["b", "c"]);
        assert_eq!(rewritten.id, "id_");
    }
}
