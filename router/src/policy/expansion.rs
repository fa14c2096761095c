//! How many fields an operation has once its fragments are expanded, without expanding them.
//!
//! Fragments that spread others twice (`F0 { ...F1 ...F1 }` and so on) double with each level: 22 of them, 832 bytes,
//! cost the engine 18 s and 2 GB, and none of its own limits counts them. This counts each fragment once.

use std::collections::HashMap;

use hive_router::graphql_tools::static_graphql::query::{
    Definition, FragmentDefinition, OperationDefinition, Selection, SelectionSet,
};

pub(crate) use hive_router::graphql_tools::static_graphql::query::Document;

/// Fragments within fragments beyond this are more than any limit: recursion here and in the engine ends with the stack.
const MAX_CHAIN: usize = 200;

/// The number of selections of all operations of a document, fragments expanded; saturating. Linear in the document.
pub(crate) fn fields(document: &Document) -> usize {
    let mut counter = Counter {
        fragments: fragments(document),
        known: HashMap::new(),
    };
    document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::Operation(operation) => Some(selection_set(operation)),
            Definition::Fragment(_) => None,
        })
        .fold(0, |sum, set| sum.saturating_add(counter.count(set, 0)))
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

pub(crate) fn selection_set(operation: &OperationDefinition) -> &SelectionSet {
    match operation {
        OperationDefinition::SelectionSet(set) => set,
        OperationDefinition::Query(query) => &query.selection_set,
        OperationDefinition::Mutation(mutation) => &mutation.selection_set,
        OperationDefinition::Subscription(subscription) => &subscription.selection_set,
    }
}

struct Counter<'a> {
    fragments: HashMap<&'a str, &'a FragmentDefinition>,
    known: HashMap<&'a str, usize>,
}

impl<'a> Counter<'a> {
    fn count(&mut self, set: &'a SelectionSet, chain: usize) -> usize {
        set.items.iter().fold(0, |sum: usize, item| {
            let below = match item {
                Selection::Field(field) => self.count(&field.selection_set, chain),
                Selection::InlineFragment(fragment) => self.count(&fragment.selection_set, chain),
                Selection::FragmentSpread(spread) => {
                    self.fragment(&spread.fragment_name, chain + 1)
                }
            };
            sum.saturating_add(below).saturating_add(1)
        })
    }

    fn fragment(&mut self, name: &str, chain: usize) -> usize {
        if chain > MAX_CHAIN {
            return usize::MAX;
        }
        if let Some(size) = self.known.get(name) {
            return *size;
        }
        // An unknown fragment and a cycle are left to validation, which names them.
        let Some(fragment) = self.fragments.get(name).copied() else {
            return 0;
        };
        self.known.insert(&fragment.name, 0);
        let size = self.count(&fragment.selection_set, chain);
        self.known.insert(&fragment.name, size);
        size
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use hive_router::query_planner::utils::parsing::parse_operation;

    use super::*;

    /// Fragments of `width` spreads each, `levels` deep.
    fn nested(levels: usize, width: usize) -> Document {
        let mut query = "{ ...F0 }".to_owned();
        for level in 0..levels {
            let spreads = format!("...F{} ", level + 1).repeat(width);
            write!(query, " fragment F{level} on Query {{ {spreads}}}").unwrap();
        }
        write!(query, " fragment F{levels} on Query {{ a }}").unwrap();
        parse_operation(&query)
    }

    #[test]
    fn a_fragment_counts_as_often_as_it_is_spread() {
        // The spread of F0, in it two of F1, in each of those a field.
        assert_eq!(fields(&nested(1, 2)), 5);
        let query = "query A { a { b } ... { c } } mutation B { d: e }";
        assert_eq!(fields(&parse_operation(query)), 5, "operations add up");
    }

    #[test]
    fn doubling_is_counted_and_not_carried_out() {
        for (levels, width) in [(25, 2), (40, 2), (150, 2), (4, 60)] {
            assert!(
                fields(&nested(levels, width)) > 1_000_000,
                "{levels} levels, {width} wide"
            );
        }
    }

    #[test]
    fn a_chain_that_would_end_with_the_stack_is_too_large() {
        assert_eq!(fields(&nested(MAX_CHAIN + 1, 1)), usize::MAX);
    }

    #[test]
    fn a_cycle_ends() {
        let query =
            "{ ...A } fragment A on Query { a ...B } fragment B on Query { ...A ...Missing }";
        assert!(fields(&parse_operation(query)) < 10);
    }
}
