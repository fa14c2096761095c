//! What Apollo's composition refuses, or its planner answers wrongly, and our composer lets pass.

use std::collections::{BTreeMap, BTreeSet};

use apollo_compiler::ast::{Directive, FieldDefinition};
use apollo_compiler::schema::{ExtendedType, InterfaceType, ObjectType};
use apollo_compiler::{Name, Schema};

use crate::check::report::{Finding, Severity, Step, StepName};
use crate::compose::Subgraph;
use crate::places;

pub fn step(subgraphs: &[Subgraph], schemas: &[Schema]) -> Step {
    let mut findings = Vec::new();
    for (subgraph, schema) in subgraphs.iter().zip(schemas) {
        findings.extend(shareable_subscriptions(subgraph, schema));
        findings.extend(unresolvable_interfaces(subgraph, schema));
    }
    findings.extend(disjoint_answers(subgraphs, schemas));
    for finding in &mut findings {
        if let Some(coordinate) = &finding.coordinate {
            finding.places = places::of_coordinate(schemas, coordinate);
        }
    }
    let note = "shareable subscriptions, shared fields that answer otherwise, interface keys that lead nowhere";
    Step::new(StepName::Rules, note, findings)
}

/// Two subgraphs that have one subscription would both have to send every event.
fn shareable_subscriptions(subgraph: &Subgraph, schema: &Schema) -> Vec<Finding> {
    let root = schema
        .schema_definition
        .subscription
        .as_ref()
        .map_or("Subscription", |root| root.name.as_str());
    let Some(subscription) = schema.get_object(root) else {
        return Vec::new();
    };
    let all = subscription.directives.iter().any(|it| is(it, "shareable"));
    let fields = subscription
        .fields
        .iter()
        .filter(|(_, field)| all || has(field, "shareable"));
    fields
        .map(|(name, _)| {
            let message = format!("{} shares a field of the subscription type: its events would come from one subgraph or another", subgraph.name);
            Finding::error("SHAREABLE_SUBSCRIPTION_FIELD", message)
                .at(format!("{root}.{name}"))
                .instead("let one subgraph have the field, without `@shareable`")
        })
        .collect()
}

/// A router may ask either subgraph. When they answer with different types, it gets another answer each time.
fn disjoint_answers(subgraphs: &[Subgraph], schemas: &[Schema]) -> Vec<Finding> {
    let mut answers: BTreeMap<String, Vec<(&str, BTreeSet<&Name>)>> = BTreeMap::new();
    for (subgraph, schema) in subgraphs.iter().zip(schemas) {
        for ty in schema.types.values().filter_map(|ty| ty.as_object()) {
            for (name, field) in ty
                .fields
                .iter()
                .filter(|(_, field)| !has(field, "external"))
            {
                if let Some(types) = possible_types(schema, field.ty.inner_named_type()) {
                    let coordinate = format!("{}.{name}", ty.name);
                    answers
                        .entry(coordinate)
                        .or_default()
                        .push((&subgraph.name, types));
                }
            }
        }
    }
    let mut findings = Vec::new();
    for (coordinate, answers) in answers {
        let Some((_, first)) = answers.first() else {
            continue;
        };
        if answers.iter().all(|(_, types)| types == first) {
            continue;
        }
        let common = answers.iter().fold(first.clone(), |common, (_, types)| {
            common.intersection(types).copied().collect()
        });
        let written: Vec<_> = answers
            .iter()
            .map(|(name, types)| format!("{name} with {}", list(types)))
            .collect();
        let message = format!(
            "subgraphs that share the field answer with other types: {}",
            written.join("; ")
        );
        let (severity, code) = if common.is_empty() {
            (Severity::Error, "SHAREABLE_TYPES_DISJOINT")
        } else {
            (Severity::Warning, "SHAREABLE_TYPES_DIFFER")
        };
        let how = "let one subgraph have the field, and know the others' types by their keys (`resolvable: false`)";
        findings.push(
            Finding::new(severity, code, message)
                .at(coordinate)
                .instead(how),
        );
    }
    findings
}

/// What may come of an interface or a union; none for other types.
fn possible_types<'a>(schema: &'a Schema, name: &Name) -> Option<BTreeSet<&'a Name>> {
    match schema.types.get(name)? {
        ExtendedType::Interface(interface) => {
            Some(implementers(schema, interface).map(|ty| &ty.name).collect())
        }
        ExtendedType::Union(union) => {
            Some(union.members.iter().map(|member| &member.name).collect())
        }
        _ => None,
    }
}

fn implementers<'a>(
    schema: &'a Schema,
    interface: &'a InterfaceType,
) -> impl Iterator<Item = &'a ObjectType> {
    let objects = schema.types.values().filter_map(|ty| ty.as_object());
    objects.filter(|ty| {
        ty.implements_interfaces
            .iter()
            .any(|it| it.name == interface.name)
    })
}

/// Whoever has the key of an interface asks for whatever implements it.
fn unresolvable_interfaces(subgraph: &Subgraph, schema: &Schema) -> Vec<Finding> {
    let mut findings = Vec::new();
    for interface in schema.types.values().filter_map(|ty| ty.as_interface()) {
        let keys = interface
            .directives
            .iter()
            .filter(|it| is(it, "key") && resolvable(it));
        for fields in keys.filter_map(|key| key_fields(key)) {
            for ty in implementers(schema, interface) {
                let mut own = ty
                    .directives
                    .iter()
                    .filter(|it| is(it, "key") && resolvable(it));
                if !own.any(|key| key_fields(key).as_ref() == Some(&fields)) {
                    let message = format!(
                        "{} resolves the interface `{}` by `{fields}`, and does not resolve `{}`, which implements it",
                        subgraph.name, interface.name, ty.name
                    );
                    let how = format!(
                        "give it `@key(fields: \"{fields}\")`, or take the key off the interface"
                    );
                    findings.push(
                        Finding::error("INTERFACE_KEY_NOT_RESOLVABLE", message)
                            .at(ty.name.as_str())
                            .instead(how),
                    );
                }
            }
        }
    }
    findings
}

/// Whether it is the federation's directive of this name.
fn is(directive: &Directive, name: &str) -> bool {
    directive.name.as_str().trim_start_matches("federation__") == name
}

fn has(field: &FieldDefinition, name: &str) -> bool {
    field.directives.iter().any(|directive| is(directive, name))
}

fn resolvable(key: &Directive) -> bool {
    key.specified_argument_by_name("resolvable")
        .and_then(|it| it.to_bool())
        != Some(false)
}

fn key_fields(key: &Directive) -> Option<String> {
    let fields = key.specified_argument_by_name("fields")?.as_str()?;
    Some(fields.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn list(names: &BTreeSet<&Name>) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
