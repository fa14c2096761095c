//! A bound on what an operation becomes when its fragments are expanded.
//!
//! async-graphql 7.2.1 takes exponential time on fragments that spread others twice (`F0{...F1 ...F1}` and so on), and
//! its limits of depth and complexity count only while it expands. This counts once a fragment, before anything else.

use std::{collections::HashMap, sync::Arc};

use async_graphql::{
    Request, ServerError, ServerResult,
    async_trait::async_trait,
    extensions::{Extension, ExtensionContext, ExtensionFactory, NextPrepareRequest},
    parser::types::{ExecutableDocument, Selection, SelectionSet},
};

use crate::error::OPERATION_TOO_LARGE;

/// Refuses operations of more than this many selections, fragments expanded.
pub struct ExpansionLimit(pub usize);

impl ExtensionFactory for ExpansionLimit {
    fn create(&self) -> Arc<dyn Extension> {
        Arc::new(Self(self.0))
    }
}

#[async_trait]
impl Extension for ExpansionLimit {
    // Before the library's own `parse_query`: its check of the recursion depth expands fragments, too.
    async fn prepare_request(
        &self,
        ctx: &ExtensionContext<'_>,
        request: Request,
        next: NextPrepareRequest<'_>,
    ) -> ServerResult<Request> {
        let mut request = next.run(ctx, request).await?;
        if expanded(request.parsed_query()?) > self.0 {
            let message = format!(
                "The operation has more than {} fields; ask for less at once.",
                self.0
            );
            let mut error = ServerError::new(message, None);
            let mut extensions = async_graphql::ErrorExtensionValues::default();
            extensions.set("code", OPERATION_TOO_LARGE.as_str());
            error.extensions = Some(extensions);
            return Err(error);
        }
        Ok(request)
    }
}

/// The number of selections of all operations of a document, fragments expanded. Linear in the document.
fn expanded(document: &ExecutableDocument) -> usize {
    let mut counter = Counter {
        document,
        known: HashMap::new(),
    };
    document.operations.iter().fold(0, |sum, (_, operation)| {
        sum.saturating_add(counter.count(&operation.node.selection_set.node))
    })
}

struct Counter<'a> {
    document: &'a ExecutableDocument,
    known: HashMap<&'a str, usize>,
}

impl<'a> Counter<'a> {
    fn count(&mut self, set: &'a SelectionSet) -> usize {
        set.items.iter().fold(0, |sum: usize, item| {
            let size = match &item.node {
                Selection::Field(field) => self.count(&field.node.selection_set.node),
                Selection::InlineFragment(fragment) => {
                    self.count(&fragment.node.selection_set.node)
                }
                Selection::FragmentSpread(spread) => self.fragment(&spread.node.fragment_name.node),
            };
            sum.saturating_add(size).saturating_add(1)
        })
    }

    fn fragment(&mut self, name: &str) -> usize {
        if let Some(size) = self.known.get(name) {
            return *size;
        }
        // An unknown fragment or a cycle is left to validation, which names it.
        let Some((name, fragment)) = self.document.fragments.get_key_value(name) else {
            return 0;
        };
        self.known.insert(name.as_str(), 0);
        let size = self.count(&fragment.node.selection_set.node);
        self.known.insert(name.as_str(), size);
        size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_graphql::parser::parse_query;

    fn doubling(levels: usize) -> String {
        let fragments: Vec<_> = (0..levels)
            .map(|level| (level, level + 1))
            .map(|(this, next)| format!("fragment F{this} on Query {{ ...F{next} ...F{next} }}"))
            .collect();
        format!(
            "{{ ...F0 }} {} fragment F{levels} on Query {{ a }}",
            fragments.join(" ")
        )
    }

    #[test]
    fn fragments_count_as_often_as_they_are_spread() {
        // One spread, then two spreads with a field each.
        assert_eq!(expanded(&parse_query(doubling(1)).unwrap()), 5);
    }

    #[test]
    fn doubling_is_counted_without_being_carried_out() {
        for levels in [25, 40, 200] {
            assert!(expanded(&parse_query(doubling(levels)).unwrap()) > 1_000_000);
        }
    }

    #[test]
    fn a_cycle_ends() {
        let query = "{ ...A } fragment A on Query { a ...B } fragment B on Query { ...A }";
        assert!(expanded(&parse_query(query).unwrap()) < 10);
    }
}
