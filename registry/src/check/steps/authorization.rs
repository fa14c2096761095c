//! Whether every rule of authorization that a subgraph states is in the supergraph, in the words that the router reads.
//!
//! It can vanish without any error: a directive of that name that is not the federation's own is dropped by composition, and
//! the router reads the literal names only, and only when the supergraph links their specification.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::Schema;
use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::schema::ExtendedType;

use super::counted;
use crate::check::report::{Finding, Step, StepName};
use crate::compose::Subgraph;
use crate::places;

const RULES: [&str; 3] = ["authenticated", "requiresScopes", "policy"];
const FEDERATION: &str = "https://specs.apollo.dev/federation/";

/// A rule and the coordinate it stands at.
type Site = (&'static str, String);

pub fn step(subgraphs: &[Subgraph], schemas: &[Schema], supergraph: &Schema) -> Step {
    let mut said: BTreeMap<Site, Vec<(&str, String)>> = BTreeMap::new();
    for (subgraph, schema) in subgraphs.iter().zip(schemas) {
        let spellings = spellings(schema);
        for (site, arguments) in sites(schema, &spellings) {
            said.entry(site)
                .or_default()
                .push((&subgraph.name, arguments));
        }
    }
    let kept: BTreeMap<Site, String> = sites(supergraph, &literal()).into_iter().collect();

    let mut findings = Vec::new();
    for ((rule, coordinate), by) in &said {
        let whose: BTreeSet<_> = by.iter().map(|(name, _)| *name).collect();
        let whose = whose.into_iter().collect::<Vec<_>>().join(", ");
        let finding = match (kept.get(&(*rule, coordinate.clone())), by.as_slice()) {
            (None, _) => Finding::error(
                "AUTHORIZATION_LOST",
                format!(
                    "{whose} states `@{rule}` at `{coordinate}`, the supergraph does not: the router would let anybody in"
                ),
            ),
            // Composition merges what several subgraphs ask for.
            (Some(kept), [(_, only)]) if kept != only => Finding::error(
                "AUTHORIZATION_CHANGED",
                format!(
                    "{whose} states `@{rule}{only}` at `{coordinate}`, the supergraph `@{rule}{kept}`"
                ),
            ),
            _ => continue,
        };
        let how = format!(
            "apply `@federation__{rule}`, or import `@{rule}` with the `@link` to the federation specification"
        );
        findings.push(
            finding
                .at(coordinate.clone())
                .in_places(places::of_coordinate(schemas, coordinate))
                .instead(how),
        );
    }
    let inherits = |(rule, coordinate): &Site| {
        implementing(supergraph, coordinate)
            .into_iter()
            .any(|it| said.contains_key(&(*rule, it)))
    };
    let unstated = |site: &&Site| !said.contains_key(*site) && !inherits(site);
    for (rule, coordinate) in kept.keys().filter(unstated) {
        let message =
            format!("the supergraph has `@{rule}` at `{coordinate}`, and no subgraph states it");
        findings.push(Finding::error("AUTHORIZATION_UNSTATED", message).at(coordinate.clone()));
    }
    let stated: BTreeSet<_> = said
        .keys()
        .chain(kept.keys())
        .map(|(rule, _)| *rule)
        .collect();
    findings.extend(
        stated
            .into_iter()
            .filter_map(|rule| unlinked(supergraph, rule)),
    );
    let note = format!(
        "{} in the subgraphs, {} in the supergraph",
        counted(said.len(), "rule"),
        kept.len()
    );
    Step::new(StepName::Authorization, note, findings)
}

/// The same coordinate of every type that implements an interface: composition puts their rules on the interface, too.
fn implementing(supergraph: &Schema, coordinate: &str) -> Vec<String> {
    let (interface, field) = match coordinate.split_once('.') {
        Some((interface, field)) => (interface, Some(field)),
        None => (coordinate, None),
    };
    let types = supergraph.types.values().filter_map(|ty| ty.as_object());
    let types = types.filter(|ty| {
        ty.implements_interfaces
            .iter()
            .any(|it| it.name == interface)
    });
    types
        .map(|ty| match field {
            Some(field) => format!("{}.{field}", ty.name),
            None => ty.name.to_string(),
        })
        .collect()
}

/// Without the link the router takes the directive for a stranger's.
fn unlinked(supergraph: &Schema, rule: &str) -> Option<Finding> {
    let url = format!("https://specs.apollo.dev/{rule}/");
    let linked =
        links(supergraph).any(|link| text(link, "url").is_some_and(|it| it.starts_with(&url)));
    (!linked).then(|| {
        let message = format!(
            "the supergraph has no `@link` to {url}, without which the router ignores `@{rule}`"
        );
        Finding::error("AUTHORIZATION_UNLINKED", message)
    })
}

/// The names that the router reads.
pub fn literal() -> BTreeMap<String, &'static str> {
    RULES.map(|rule| (rule.to_owned(), rule)).into()
}

/// The names by which a subgraph may state each rule.
fn spellings(schema: &Schema) -> BTreeMap<String, &'static str> {
    let mut spellings = BTreeMap::new();
    for rule in RULES {
        spellings.insert(rule.to_owned(), rule);
        spellings.insert(format!("federation__{rule}"), rule);
        let federation = links(schema)
            .filter(|link| text(link, "url").is_some_and(|url| url.starts_with(FEDERATION)));
        for link in federation {
            if let Some(namespace) = text(link, "as") {
                spellings.insert(format!("{namespace}__{rule}"), rule);
            }
            let imports = link
                .specified_argument_by_name("import")
                .and_then(|it| it.as_list());
            for import in imports
                .unwrap_or_default()
                .iter()
                .filter_map(|it| it.as_object())
            {
                let field = |name: &str| {
                    let value = import.iter().find(|(field, _)| field == name);
                    value
                        .and_then(|(_, value)| value.as_str())
                        .map(|it| it.trim_start_matches('@'))
                };
                if let (Some(name), Some(alias)) = (field("name"), field("as"))
                    && name == rule
                {
                    spellings.insert(alias.to_owned(), rule);
                }
            }
        }
    }
    spellings
}

fn links(schema: &Schema) -> impl Iterator<Item = &Directive> {
    schema
        .schema_definition
        .directives
        .get_all("link")
        .map(|link| &***link)
}

fn text<'a>(directive: &'a Directive, argument: &str) -> Option<&'a str> {
    directive
        .specified_argument_by_name(argument)
        .and_then(|it| it.as_str())
}

/// Every place of a rule, with the arguments as they are written there.
fn sites(schema: &Schema, spellings: &BTreeMap<String, &'static str>) -> Vec<(Site, String)> {
    let mut found = Vec::new();
    each(schema, spellings, |coordinate, rule, directive| {
        found.push(((rule, coordinate.to_owned()), written(directive)));
    });
    found
}

/// Calls with every coordinate that has a rule, the rule, and how it is applied.
pub fn each(
    schema: &Schema,
    spellings: &BTreeMap<String, &'static str>,
    mut found: impl FnMut(&str, &'static str, &Directive),
) {
    let mut look = |coordinate: &str, directive: &Directive| {
        if let Some(rule) = spellings.get(directive.name.as_str()) {
            found(coordinate, rule, directive);
        }
    };
    for (name, ty) in &schema.types {
        for directive in ty.directives() {
            look(name, directive);
        }
        let fields = match ty {
            ExtendedType::Object(ty) => &ty.fields,
            ExtendedType::Interface(ty) => &ty.fields,
            _ => continue,
        };
        for (field, definition) in fields {
            for directive in &definition.directives {
                look(&format!("{name}.{field}"), directive);
            }
        }
    }
}

/// A directive's arguments in their parentheses; nothing when it has none.
pub fn written(directive: &Directive) -> String {
    let arguments: Vec<_> = directive
        .arguments
        .iter()
        .map(|it| format!("{}: {}", it.name, compact(&it.value)))
        .collect();
    if arguments.is_empty() {
        String::new()
    } else {
        format!("({})", arguments.join(", "))
    }
}

/// One spelling of a value, however it is broken into lines.
fn compact(value: &Value) -> String {
    value.serialize().no_indent().to_string()
}
