//! Operations and fragments of a document.

use std::collections::HashMap;

use hive_router::graphql_tools::static_graphql::query::{
    Definition, Document, FragmentDefinition, OperationDefinition, SelectionSet, Subscription,
};

/// All operations of a document.
pub(crate) fn operations(document: &Document) -> impl Iterator<Item = &OperationDefinition> {
    document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Operation(operation) => Some(operation),
            Definition::Fragment(_) => None,
        })
}

/// The fragments of a document by name.
pub(crate) fn fragments(document: &Document) -> HashMap<&str, &FragmentDefinition> {
    document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
            Definition::Operation(_) => None,
        })
        .collect()
}

/// The name of an operation that has one.
pub(crate) fn name(operation: &OperationDefinition) -> Option<&str> {
    match operation {
        OperationDefinition::SelectionSet(_) => None,
        OperationDefinition::Query(query) => query.name.as_deref(),
        OperationDefinition::Mutation(mutation) => mutation.name.as_deref(),
        OperationDefinition::Subscription(subscription) => subscription.name.as_deref(),
    }
}

pub(crate) fn selection_set(operation: &OperationDefinition) -> &SelectionSet {
    match operation {
        OperationDefinition::SelectionSet(set) => set,
        OperationDefinition::Query(query) => &query.selection_set,
        OperationDefinition::Mutation(mutation) => &mutation.selection_set,
        OperationDefinition::Subscription(subscription) => &subscription.selection_set,
    }
}

/// Selects the operation to execute (GraphQL specification, 6.1) and returns it if it is a subscription.
pub(crate) fn selected_subscription<'a>(
    document: &'a Document,
    operation_name: Option<&str>,
) -> Option<&'a Subscription> {
    let mut operations = operations(document);
    let operation = match operation_name {
        Some(wanted) => operations.find(|operation| name(operation) == Some(wanted)),
        None => operations.next().filter(|_| operations.next().is_none()),
    };
    match operation? {
        OperationDefinition::Subscription(subscription) => Some(subscription),
        _ => None,
    }
}
