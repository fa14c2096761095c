//! Whether an operation can be answered: a wrong supergraph loads without a word, and only planning finds out.

use hive_router::{
    executor::introspection::partition::partition_operation,
    graphql_tools::validation::{
        rules::default_rules_validation_plan, utils::ValidationError, validate::validate,
    },
    query_planner::{
        ast::normalization::normalize_operation,
        graph::PlannerOverrideContext,
        utils::{cancellation::CancellationToken, parsing::safe_parse_operation},
    },
};

use super::Supergraph;

impl Supergraph {
    /// Validates and plans a document that has one operation; what keeps it from being answered.
    pub fn plan(&self, document: &str) -> Result<(), String> {
        let document = safe_parse_operation(document).map_err(one_line)?;
        let rules = default_rules_validation_plan();
        let invalid = validate(&self.consumer().document, &document, &rules);
        if !invalid.is_empty() {
            let messages: Vec<_> = invalid.into_iter().map(message).collect();
            return Err(messages.join("; "));
        }
        let normalized =
            normalize_operation(&self.planner.supergraph, &document, None).map_err(one_line)?;
        let operation = partition_operation(normalized.operation).downstream_operation;
        if operation.selection_set.is_empty() {
            // The engine answers introspection by itself.
            return Ok(());
        }
        self.planner
            .plan_from_normalized_operation(
                &operation,
                PlannerOverrideContext::default(),
                &CancellationToken::new(),
            )
            .map(drop)
            .map_err(one_line)
    }
}

fn message(error: ValidationError) -> String {
    match error.locations.first() {
        Some(place) => format!("{}:{}: {}", place.line, place.column, error.message),
        None => error.message,
    }
}

fn one_line(error: impl std::fmt::Display) -> String {
    error.to_string().trim().replace('\n', ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURE: &str = include_str!("../../tests/fixtures/supergraph.graphql");

    fn plan(supergraph: &str, document: &str) -> Result<(), String> {
        Supergraph::parse(supergraph.to_owned())
            .unwrap()
            .plan(document)
    }

    #[test]
    fn what_the_engine_can_answer_has_a_plan() {
        for document in [
            "{ posts { text author { username } } }",
            "query Q($id: ID!) { user(id: $id) { ...F } } fragment F on User { username posts { text } }",
            "mutation { rename(name: \"a\") { id } }",
            "subscription { noted { text author { username } } }",
            "{ __typename __schema { types { name } } }",
        ] {
            assert_eq!(plan(FIXTURE, document), Ok(()), "{document}");
        }
    }

    #[test]
    fn what_is_not_in_the_schema_is_said_with_its_place() {
        let error = plan(FIXTURE, "{\n  posts { nothing }\n}").unwrap_err();
        assert!(error.starts_with("2:11: "), "{error}");
        assert!(error.contains("nothing"), "{error}");
        assert!(plan(FIXTURE, "{ posts {").is_err());
    }

    /// The schema that clients see has the field; no subgraph that resolves it can be reached.
    #[test]
    fn what_no_subgraph_can_be_asked_for_has_no_plan() {
        let sdl = FIXTURE.replace(
            "@join__type(graph: USERS, key: \"id\")",
            "@join__type(graph: USERS, key: \"id\", resolvable: false)",
        );
        assert_ne!(sdl, FIXTURE);
        let document = "{ posts { author { username } } }";
        assert_eq!(plan(FIXTURE, document), Ok(()));
        assert!(plan(&sdl, document).is_err());
    }
}
