//! Counts the fields of an operation with its fragments expanded, without expanding them.
//!
//! Fragments that spread others twice (`F0 { ...F1 ...F1 }` and so on) double with each level: 22 of them, 832 bytes,
//! cost the engine 18 s and 2 GB, and none of its own limits counts them. This count visits each fragment once.

use std::collections::HashMap;

use hive_router::graphql_tools::static_graphql::query::{
    FragmentDefinition, Selection, SelectionSet,
};

use super::{
    Document,
    operation::{fragments, operations, selection_set},
};

/// Maximum depth of fragments that spread fragments. A deeper chain could overflow the stack here and in the engine.
const MAX_CHAIN: usize = 200;

/// Counts the selections of all operations of a document as if every fragment were expanded; saturating, and linear in the
/// size of the document.
pub(crate) fn count_fields(document: &Document) -> usize {
    let mut counter = Counter {
        fragments: fragments(document),
        known: HashMap::new(),
    };
    operations(document).fold(0, |sum, operation| {
        sum.saturating_add(counter.count(selection_set(operation), 0))
    })
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
    fn counts_fragments_at_each_spread() {
        // The spread of F0, in it two of F1, in each of those a field.
        assert_eq!(count_fields(&nested(1, 2)), 5);
        let query = "query A { a { b } ... { c } } mutation B { d: e }";
        assert_eq!(
            count_fields(&parse_operation(query)),
            5,
            "operations add up"
        );
    }

    #[test]
    fn counts_doubling_fragments_without_expanding_them() {
        for (levels, width) in [(25, 2), (40, 2), (150, 2), (4, 60)] {
            assert!(
                count_fields(&nested(levels, width)) > 1_000_000,
                "{levels} levels, {width} wide"
            );
        }
    }

    #[test]
    fn fragment_chain_beyond_the_stack_is_too_large() {
        assert_eq!(count_fields(&nested(MAX_CHAIN + 1, 1)), usize::MAX);
    }

    #[test]
    fn counts_cycles_once() {
        let query =
            "{ ...A } fragment A on Query { a ...B } fragment B on Query { ...A ...Missing }";
        assert!(count_fields(&parse_operation(query)) < 10);
    }
}
