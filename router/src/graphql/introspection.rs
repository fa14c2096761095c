//! A bound on introspection. `__schema { types { fields { type { fields { type … ` multiplies by the number of fields
//! with each level, within a few hundred bytes, and the engine's limit of depth leaves introspection out, because the
//! standard query is deeper than clients should be. The rule is graphql-js's `MaxIntrospectionDepthRule`: lists that
//! lead back into the schema may nest twice, and not three times.

use std::collections::HashMap;

use hive_router::graphql_tools::static_graphql::query::{
    Definition, FragmentDefinition, Selection, SelectionSet,
};

use super::{
    Document,
    operation::{fragments, selection_set},
};

/// Fields of the introspection schema that are lists of what has such lists again.
const LISTS: [&str; 4] = ["fields", "interfaces", "possibleTypes", "inputFields"];
const MAX_LISTS: usize = 2;

/// Whether an introspection field of the document goes through more lists inside one another than the standard query.
pub(super) fn is_too_deep(document: &Document) -> bool {
    let mut nesting = Nesting {
        fragments: fragments(document),
        known: HashMap::new(),
    };
    document.definitions.iter().any(|definition| {
        // Each fragment is looked into as a definition, so that spreads need not be followed to find the fields.
        let set = match definition {
            Definition::Operation(operation) => selection_set(operation),
            Definition::Fragment(fragment) => &fragment.selection_set,
        };
        nesting.is_exceeded_in(set)
    })
}

struct Nesting<'a> {
    fragments: HashMap<&'a str, &'a FragmentDefinition>,
    known: HashMap<&'a str, usize>,
}

impl<'a> Nesting<'a> {
    fn is_exceeded_in(&mut self, set: &'a SelectionSet) -> bool {
        set.items.iter().any(|item| match item {
            Selection::Field(field) if field.name == "__schema" || field.name == "__type" => {
                self.lists(&field.selection_set) > MAX_LISTS
            }
            Selection::Field(field) => self.is_exceeded_in(&field.selection_set),
            Selection::InlineFragment(fragment) => self.is_exceeded_in(&fragment.selection_set),
            Selection::FragmentSpread(_) => false,
        })
    }

    /// How many lists are inside one another at most.
    fn lists(&mut self, set: &'a SelectionSet) -> usize {
        let depths = set.items.iter().map(|item| match item {
            Selection::Field(field) => {
                let own = usize::from(LISTS.contains(&field.name.as_str()));
                own + self.lists(&field.selection_set)
            }
            Selection::InlineFragment(fragment) => self.lists(&fragment.selection_set),
            Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
        });
        depths.max().unwrap_or_default()
    }

    /// Chains of fragments are bounded before, by the number of fields.
    fn fragment(&mut self, name: &str) -> usize {
        if let Some(depth) = self.known.get(name) {
            return *depth;
        }
        let Some(fragment) = self.fragments.get(name).copied() else {
            return 0;
        };
        self.known.insert(&fragment.name, 0);
        let depth = self.lists(&fragment.selection_set);
        self.known.insert(&fragment.name, depth);
        depth
    }
}

#[cfg(test)]
mod tests {
    use hive_router::query_planner::utils::parsing::parse_operation;

    use super::*;

    fn too_deep(query: &str) -> bool {
        is_too_deep(&parse_operation(query))
    }

    #[test]
    fn accepts_the_standard_query() {
        assert!(!too_deep(include_str!(
            "../../tests/fixtures/introspection.graphql"
        )));
    }

    #[test]
    fn refuses_introspection_cycles() {
        assert!(too_deep(
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
        ));
        assert!(too_deep(
            "{ __type(name: \"A\") { interfaces { possibleTypes { fields { name } } } } }"
        ));
        assert!(!too_deep(
            "{ __type(name: \"A\") { fields { type { fields { name } } } } }"
        ));
    }

    #[test]
    fn follows_fragments() {
        assert!(too_deep(
            "{ ...Q } fragment Q on Query { __schema { types { ...A } } } \
             fragment A on __Type { fields { type { ...B } } } fragment B on __Type { fields { type { ...C } } } \
             fragment C on __Type { fields { name } }"
        ));
        assert!(
            !too_deep("{ ...A } fragment A on Query { ...A }"),
            "cycles are left to validation"
        );
    }

    #[test]
    fn ignores_equally_named_fields_of_the_schema() {
        assert!(!too_deep(
            "{ form { fields { fields { fields { fields { name } } } } } }"
        ));
    }
}
