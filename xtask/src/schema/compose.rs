//! The only place that knows the composer (crate `federation-composition`, docs/adr/0006-router-engine.md).

use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::schema::ExtendedType;
use federation_composition::{
    CompositionResult, ServiceDefinition, compose_services, graphql_core,
};
use regex::Regex;

use crate::failure::{Failure, Result};

pub struct Subgraph {
    pub name: String,
    /// Where the router finds it.
    pub url: String,
    /// The file the SDL is committed in, for messages.
    pub file: String,
    pub sdl: String,
}

#[derive(Debug)]
pub struct Composed {
    /// For the router, with the join directives.
    pub supergraph: String,
    /// What clients see.
    pub api: String,
}

/// Parses and composes, satisfiability included. The failure lists every error with the places it names.
pub fn compose(subgraphs: &[Subgraph]) -> Result<Composed> {
    // The composer's errors have no line numbers, so apollo-compiler reads the documents first.
    let schemas = subgraphs.iter().map(parse).collect::<Result<Vec<_>>>()?;
    let services = subgraphs.iter().map(service).collect::<Result<Vec<_>>>()?;
    let composed = compose_services(&services)
        .map_err(|e| Failure::new(format!("the subgraphs do not compose: {e}")))?;
    match composed {
        CompositionResult::Success(success) => {
            let api = success
                .public_sdl()
                .map_err(|e| Failure::new(format!("the supergraph has no API schema: {e}")))?;
            Ok(Composed {
                supergraph: one_newline(success.supergraph_sdl()),
                api: one_newline(api),
            })
        }
        CompositionResult::Failure(failure) => {
            let mut text = format!(
                "the subgraphs do not compose, {} error(s):",
                failure.errors().len()
            );
            for error in failure.errors() {
                let message = error.message.trim_end().replace('\n', "\n    ");
                let _ = write!(text, "\n  {}: {message}", error.code().unwrap_or("ERROR"));
                for place in places(&error.message, &schemas) {
                    let _ = write!(text, "\n    at {place}");
                }
            }
            Err(Failure::new(text))
        }
    }
}

/// Parses one document, without validating what only composition can know (`@key`, `@link`).
fn parse(subgraph: &Subgraph) -> Result<Schema> {
    Schema::builder()
        .adopt_orphan_extensions()
        .parse(subgraph.sdl.as_str(), &subgraph.file)
        .build()
        .map_err(|e| Failure::new(format!("{} is not a schema:\n{}", subgraph.file, e.errors)))
}

fn service(subgraph: &Subgraph) -> Result<ServiceDefinition> {
    let document = graphql_core::parse(&subgraph.sdl)
        .map_err(|e| Failure::new(format!("{} is not a schema: {}", subgraph.file, e.message)))?;
    Ok(ServiceDefinition::new(&subgraph.name, document).with_url(&subgraph.url))
}

fn one_newline(sdl: &str) -> String {
    format!("{}\n", sdl.trim_end())
}

/// `file:line:column` of every type and field that a message names in quotes.
fn places(message: &str, schemas: &[Schema]) -> Vec<String> {
    let Ok(coordinate) = Regex::new(r#""([A-Za-z_]\w*)(?:\.([A-Za-z_]\w*))?"#) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for captures in coordinate.captures_iter(message) {
        let Some(ty) = captures.get(1) else { continue };
        let field = captures.get(2).map(|field| field.as_str());
        for place in schemas
            .iter()
            .filter_map(|schema| place(schema, ty.as_str(), field))
        {
            if !found.contains(&place) {
                found.push(place);
            }
        }
    }
    found
}

fn place(schema: &Schema, ty: &str, field: Option<&str>) -> Option<String> {
    let ty = schema.types.get(ty).filter(|ty| !ty.is_built_in())?;
    let location = match (field, ty) {
        (None, ty) => ty.name().location(),
        (Some(field), ExtendedType::Object(ty)) => ty.fields.get(field)?.name.location(),
        (Some(field), ExtendedType::Interface(ty)) => ty.fields.get(field)?.name.location(),
        (Some(field), ExtendedType::InputObject(ty)) => ty.fields.get(field)?.name.location(),
        (Some(field), ExtendedType::Enum(ty)) => ty.values.get(field)?.value.location(),
        _ => None,
    }?;
    let file = schema
        .sources
        .get(&location.file_id())?
        .path()
        .display()
        .to_string();
    let start = location.line_column_range(&schema.sources)?.start;
    Some(format!("{file}:{}:{}", start.line, start.column))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@external", "@shareable"])"#;

    fn subgraph(name: &str, sdl: &str) -> Subgraph {
        Subgraph {
            name: name.into(),
            url: format!("http://{name}/graphql"),
            file: format!("schema/{name}.graphql"),
            sdl: format!("{sdl}\n{LINK}\n"),
        }
    }

    const USERS: &str = "type Query { viewer: User }\n\"A person.\"\ntype User @key(fields: \"id\") { id: ID! username: String! }";
    const POSTS: &str = "type Query { post: Post }\ntype Post @key(fields: \"id\") { id: ID! author: User }\ntype User @key(fields: \"id\", resolvable: false) { id: ID! }";

    #[test]
    fn the_supergraph_names_urls_and_the_api_schema_has_no_federation_in_it() {
        let composed = compose(&[subgraph("users", USERS), subgraph("posts", POSTS)]).unwrap();
        assert!(
            composed
                .supergraph
                .contains(r#"POSTS @join__graph(name: "posts", url: "http://posts/graphql")"#)
        );
        assert!(composed.api.contains("author: User"), "{}", composed.api);
        assert!(composed.api.contains("A person."), "{}", composed.api);
        for machinery in ["join__", "@key", "_entities", "_service", "@link"] {
            assert!(
                !composed.api.contains(machinery),
                "{machinery} in {}",
                composed.api
            );
        }
    }

    /// Golden file: a new release of the composer may not change what it writes without our reading it.
    #[test]
    fn the_supergraph_of_two_small_subgraphs_is_byte_for_byte_the_golden_one() {
        let composed = compose(&[subgraph("users", USERS), subgraph("posts", POSTS)]).unwrap();
        assert_eq!(
            composed.supergraph,
            include_str!("golden_supergraph.graphql")
        );
    }

    #[test]
    fn a_syntax_error_is_shown_with_its_line() {
        let error = compose(&[subgraph("users", "type Query {\n  viewer: \n}")])
            .unwrap_err()
            .to_string();
        assert!(error.contains("schema/users.graphql:3"), "{error}");
    }

    #[test]
    fn two_types_for_one_field_are_shown_with_code_and_both_places() {
        let other = POSTS.replace("{ id: ID! }", "{ id: ID! username: Int! @shareable }");
        let users = USERS.replace("username: String!", "username: String! @shareable");
        let error = compose(&[subgraph("users", &users), subgraph("posts", &other)])
            .unwrap_err()
            .to_string();
        assert!(error.contains("FIELD_TYPE_MISMATCH"), "{error}");
        assert!(error.contains("at schema/users.graphql:3:"), "{error}");
        assert!(error.contains("at schema/posts.graphql:3:"), "{error}");
    }

    #[test]
    fn a_field_no_query_can_reach_is_a_satisfiability_error() {
        let users = USERS.replace(
            "@key(fields: \"id\")",
            "@key(fields: \"id\", resolvable: false)",
        );
        let error = compose(&[subgraph("users", &users), subgraph("posts", POSTS)])
            .unwrap_err()
            .to_string();
        assert!(error.contains("SATISFIABILITY_ERROR"), "{error}");
    }
}
