//! The contract with clients, `schema/contract.graphql`: what the composed API schema may not lack, rename or retype.
//! Further types and fields are welcome.

use std::path::PathBuf;

use apollo_compiler::Schema;
use apollo_compiler::ast::{FieldDefinition, InputValueDefinition, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Node};

use crate::failure::{Failure, Result};
use crate::finding::Finding;

pub const CONTRACT: &str = "schema/contract.graphql";

/// Compares the API schema with the contract. Every finding names a coordinate and its line in the contract.
pub fn check(contract_sdl: &str, api_sdl: &str) -> Result<Vec<Finding>> {
    let contract = read(contract_sdl, CONTRACT)?;
    let api = read(api_sdl, "schema/api.graphql")?;
    let mut check = Check {
        contract: &contract,
        findings: Vec::new(),
    };
    for (name, expected) in contract.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        let line = check.line(expected.name());
        match api.types.get(name) {
            None => check.add(
                line,
                format!("type {name} is missing"),
                format!("the {} of the contract", kind(expected)),
            ),
            Some(actual) => check.ty(name, expected, actual),
        }
    }
    Ok(check.findings)
}

fn read(sdl: &str, file: &str) -> Result<Schema> {
    Schema::parse(sdl, file)
        .map_err(|e| Failure::new(format!("{file} is not a schema:\n{}", e.errors)))
}

struct Check<'a> {
    contract: &'a Schema,
    findings: Vec<Finding>,
}

impl Check<'_> {
    fn line(&self, name: &Name) -> usize {
        name.location()
            .and_then(|location| location.line_column_range(&self.contract.sources))
            .map_or(0, |range| range.start.line)
    }

    fn add(&mut self, line: usize, wrong: String, right: String) {
        self.findings.push(Finding {
            file: PathBuf::from(CONTRACT),
            line,
            wrong,
            right,
        });
    }

    fn ty(&mut self, name: &Name, expected: &ExtendedType, actual: &ExtendedType) {
        match (expected, actual) {
            (ExtendedType::Scalar(_), ExtendedType::Scalar(_)) => {}
            (ExtendedType::Object(expected), ExtendedType::Object(actual)) => {
                self.fields(name, &expected.fields, &actual.fields);
                let missing = expected
                    .implements_interfaces
                    .iter()
                    .filter(|i| !actual.implements_interfaces.contains(*i));
                for interface in missing {
                    let line = self.line(&interface.name);
                    self.add(
                        line,
                        format!("{name} does not implement {}", interface.name),
                        "as in the contract".into(),
                    );
                }
            }
            (ExtendedType::Interface(expected), ExtendedType::Interface(actual)) => {
                self.fields(name, &expected.fields, &actual.fields);
            }
            (ExtendedType::InputObject(expected), ExtendedType::InputObject(actual)) => {
                let expected = expected.fields.values().map(|field| &field.node);
                let actual: Vec<_> = actual.fields.values().map(|field| &field.node).collect();
                self.inputs(&format!("{name}."), "", expected, &actual);
            }
            (ExtendedType::Enum(expected), ExtendedType::Enum(actual)) => {
                for value in expected
                    .values
                    .keys()
                    .filter(|value| !actual.values.contains_key(*value))
                {
                    let line = self.line(value);
                    self.add(
                        line,
                        format!("{name}.{value} is missing"),
                        "the value of the contract".into(),
                    );
                }
            }
            (ExtendedType::Union(expected), ExtendedType::Union(actual)) => {
                for member in expected
                    .members
                    .iter()
                    .filter(|member| !actual.members.contains(*member))
                {
                    let line = self.line(&member.name);
                    self.add(
                        line,
                        format!("{name} lacks the member {}", member.name),
                        "as in the contract".into(),
                    );
                }
            }
            (expected, actual) => {
                let line = self.line(name);
                self.add(
                    line,
                    format!("{name} is a {}", kind(actual)),
                    format!("a {}", kind(expected)),
                );
            }
        }
    }

    fn fields(
        &mut self,
        ty: &Name,
        expected: &IndexMap<Name, Component<FieldDefinition>>,
        actual: &IndexMap<Name, Component<FieldDefinition>>,
    ) {
        for (name, expected) in expected {
            let line = self.line(&expected.name);
            let Some(actual) = actual.get(name) else {
                self.add(
                    line,
                    format!("{ty}.{name} is missing"),
                    format!("{name}: {}", expected.ty),
                );
                continue;
            };
            if actual.ty != expected.ty {
                self.add(
                    line,
                    format!("{ty}.{name} is {}", actual.ty),
                    expected.ty.to_string(),
                );
            }
            let actual: Vec<_> = actual.arguments.iter().collect();
            self.inputs(
                &format!("{ty}.{name}("),
                ":)",
                expected.arguments.iter(),
                &actual,
            );
        }
    }

    /// Arguments of a field, or fields of an input type. `before` and `after` make a coordinate of a name.
    fn inputs<'a>(
        &mut self,
        before: &str,
        after: &str,
        expected: impl Iterator<Item = &'a Node<InputValueDefinition>>,
        actual: &[&Node<InputValueDefinition>],
    ) {
        let mut known = Vec::new();
        for expected in expected {
            known.push(&expected.name);
            let line = self.line(&expected.name);
            let coordinate = format!("{before}{}{after}", expected.name);
            let Some(actual) = actual.iter().find(|actual| actual.name == expected.name) else {
                self.add(line, format!("{coordinate} is missing"), written(expected));
                continue;
            };
            if !accepts(&actual.ty, expected) {
                self.add(
                    line,
                    format!("{coordinate} is {}", actual.ty),
                    expected.ty.to_string(),
                );
            }
            if actual.default_value != expected.default_value {
                self.add(
                    line,
                    format!("{coordinate} is `{}`", written(actual)),
                    format!("`{}`", written(expected)),
                );
            }
        }
        for extra in actual
            .iter()
            .filter(|actual| !known.contains(&&actual.name))
        {
            if extra.ty.is_non_null() && extra.default_value.is_none() {
                self.add(
                    0,
                    format!(
                        "{before}{}{after} is required, and no client of the contract sends it",
                        extra.name
                    ),
                    "make it nullable or give it a default".into(),
                );
            }
        }
    }
}

/// An argument with a default may be written `Int! = 20`: a client that leaves it out sees no difference.
fn accepts(actual: &Type, expected: &InputValueDefinition) -> bool {
    *actual == *expected.ty
        || (expected.default_value.is_some() && *actual == expected.ty.as_ref().clone().non_null())
}

fn written(input: &InputValueDefinition) -> String {
    match &input.default_value {
        Some(default) => format!("{}: {} = {default}", input.name, input.ty),
        None => format!("{}: {}", input.name, input.ty),
    }
}

fn kind(ty: &ExtendedType) -> &'static str {
    match ty {
        ExtendedType::Scalar(_) => "scalar",
        ExtendedType::Object(_) => "type",
        ExtendedType::Interface(_) => "interface",
        ExtendedType::Union(_) => "union",
        ExtendedType::Enum(_) => "enum",
        ExtendedType::InputObject(_) => "input",
    }
}

#[cfg(test)]
#[path = "contract_tests.rs"]
mod tests;
