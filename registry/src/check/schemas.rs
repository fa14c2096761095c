//! Parses composed schemas.

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use super::report::Finding;
use crate::failure::{Failure, Result};

/// Validates an API schema by GraphQL's own rules, or returns the violations as findings.
pub fn valid(api: &str) -> std::result::Result<Valid<Schema>, Vec<Finding>> {
    // Newer than apollo-compiler's list of built-in directives.
    let one_of = "\ndirective @oneOf on INPUT_OBJECT\n";
    let known = !api.contains("@oneOf") || api.contains("directive @oneOf");
    let sdl = if known {
        api.to_owned()
    } else {
        format!("{api}{one_of}")
    };
    Schema::parse_and_validate(sdl, "schema/api.graphql").map_err(|errors| {
        let finding = |message: String| {
            Finding::error(
                "API_INVALID",
                format!("the API schema is not valid: {message}"),
            )
        };
        errors
            .errors
            .iter()
            .map(|diagnostic| finding(diagnostic.error.to_string()))
            .collect()
    })
}

pub fn parse_supergraph(sdl: &str) -> Result<Schema> {
    Schema::parse(sdl, "schema/supergraph.graphql").map_err(|e| {
        Failure::new(format!(
            "the composed supergraph is no schema:\n{}",
            e.errors
        ))
    })
}
