//! The only place that knows the composer (crate `federation-composition`, docs/adr/0006-router-engine.md).

use std::fmt::Write as _;

use apollo_compiler::Schema;
use apollo_compiler::validation::DiagnosticList;
use federation_composition::{
    CompositionResult, Error, GraphQLError, SchemaContractFilter, ServiceDefinition,
    compose_schema_contract, compose_services, graphql_core,
};

use crate::failure::Failure;
use crate::places::{self, Place};

#[derive(Debug, Clone)]
pub struct Subgraph {
    pub name: String,
    /// Where the router finds it.
    pub url: String,
    /// The file the SDL is committed in, for messages.
    pub file: String,
    pub sdl: String,
}

#[derive(Debug, Clone)]
pub struct Composed {
    /// For the router, with the join directives.
    pub supergraph: String,
    /// What clients see.
    pub api: String,
}

/// One reason why there is no supergraph.
#[derive(Debug)]
pub struct Refusal {
    /// The composer's, as Apollo documents them; `SYNTAX` for what is no schema at all.
    pub code: String,
    pub message: String,
    pub places: Vec<Place>,
}

type Refused<T> = Result<T, Vec<Refusal>>;

/// Parses and composes, satisfiability included.
pub fn compose(subgraphs: &[Subgraph]) -> Refused<Composed> {
    // The composer's errors have no line numbers, so apollo-compiler reads the documents first.
    let schemas = parse_all(subgraphs)?;
    composed(compose_services(&services(subgraphs)?), &schemas)
}

/// The same without what has a tag: the schema of those who do not get to see it.
pub fn compose_without(tag: &str, subgraphs: &[Subgraph]) -> Refused<Composed> {
    let schemas = parse_all(subgraphs)?;
    let filter = SchemaContractFilter::new([""; 0], [tag]);
    composed(
        compose_schema_contract(&services(subgraphs)?, &filter, true),
        &schemas,
    )
}

/// Parses all documents; the refusals are those of all of them.
pub fn parse_all(subgraphs: &[Subgraph]) -> Refused<Vec<Schema>> {
    let (mut schemas, mut refusals) = (Vec::new(), Vec::new());
    for subgraph in subgraphs {
        match parse(subgraph) {
            Ok(schema) => schemas.push(schema),
            Err(refused) => refusals.extend(refused),
        }
    }
    if refusals.is_empty() {
        Ok(schemas)
    } else {
        Err(refusals)
    }
}

/// Parses one document, without validating what only composition can know (`@key`, `@link`).
fn parse(subgraph: &Subgraph) -> Refused<Schema> {
    Schema::builder()
        .adopt_orphan_extensions()
        .parse(subgraph.sdl.as_str(), &subgraph.file)
        .build()
        .map_err(|e| syntax(&e.errors, &subgraph.file))
}

fn syntax(errors: &DiagnosticList, file: &str) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    for diagnostic in errors.iter() {
        let place = Place::of_diagnostic(file, &diagnostic);
        refusals.push(refusal("SYNTAX", diagnostic.error.to_string(), vec![place]));
    }
    refusals
}

fn services(subgraphs: &[Subgraph]) -> Refused<Vec<ServiceDefinition>> {
    let service = |subgraph: &Subgraph| {
        let document = graphql_core::parse(&subgraph.sdl).map_err(|e| {
            vec![refusal(
                "SYNTAX",
                e.message,
                vec![Place::file(&subgraph.file)],
            )]
        })?;
        Ok(ServiceDefinition::new(&subgraph.name, document).with_url(&subgraph.url))
    };
    subgraphs.iter().map(service).collect()
}

fn composed(result: Result<CompositionResult, Error>, schemas: &[Schema]) -> Refused<Composed> {
    let broken = |e: Error| vec![refusal("ERROR", e.to_string(), Vec::new())];
    match result.map_err(broken)? {
        CompositionResult::Success(success) => Ok(Composed {
            api: one_newline(success.public_sdl().map_err(broken)?),
            supergraph: one_newline(success.supergraph_sdl()),
        }),
        CompositionResult::Failure(failure) => {
            let refusal = |error: &GraphQLError| {
                let places = places::named_in(schemas, &error.message);
                refusal(
                    error.code().unwrap_or("ERROR"),
                    error.message.trim_end(),
                    places,
                )
            };
            Err(failure.errors().iter().map(refusal).collect())
        }
    }
}

fn refusal(code: &str, message: impl Into<String>, places: Vec<Place>) -> Refusal {
    Refusal {
        code: code.to_owned(),
        message: message.into(),
        places,
    }
}

fn one_newline(sdl: &str) -> String {
    format!("{}\n", sdl.trim_end())
}

/// All refusals as one message, each with the places that it names.
pub fn failure(refusals: &[Refusal]) -> Failure {
    let mut text = format!("the subgraphs do not compose, {} error(s):", refusals.len());
    for refusal in refusals {
        let message = refusal.message.replace('\n', "\n    ");
        let _ = write!(text, "\n  {}: {message}", refusal.code);
        for place in &refusal.places {
            let _ = write!(text, "\n    at {place}");
        }
    }
    Failure::new(text)
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
            .map_err(|refusals| failure(&refusals).to_string())
            .unwrap_err();
        assert!(error.contains("schema/users.graphql:3"), "{error}");
    }

    #[test]
    fn two_types_for_one_field_are_shown_with_code_and_both_places() {
        let other = POSTS.replace("{ id: ID! }", "{ id: ID! username: Int! @shareable }");
        let users = USERS.replace("username: String!", "username: String! @shareable");
        let error = compose(&[subgraph("users", &users), subgraph("posts", &other)])
            .map_err(|refusals| failure(&refusals).to_string())
            .unwrap_err();
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
            .map_err(|refusals| failure(&refusals).to_string())
            .unwrap_err();
        assert!(error.contains("SATISFIABILITY_ERROR"), "{error}");
    }
}
