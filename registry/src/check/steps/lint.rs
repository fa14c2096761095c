//! How the API is written: names, descriptions, deprecations, mutations, and what nobody asks for.
//!
//! What a change brings has to be right; what was there before is a warning.

use std::collections::BTreeSet;

use apollo_compiler::Schema;
use apollo_compiler::ast::{DirectiveList, FieldDefinition, InputValueDefinition};
use apollo_compiler::coordinate::SchemaCoordinate;
use apollo_compiler::schema::ExtendedType;

use super::changes::{Subgraphs, Used};
use crate::check::deprecation::{self, NO_REASON};
use crate::check::diff::kind;
use crate::check::report::{Finding, Severity, Step, StepName};
use crate::places;

/// Types that the Relay cursor specification names; who asks for what of them says nothing.
const CURSORS: [&str; 3] = ["Connection", "Edge", "PageInfo"];
/// Codes of changes that take something away which `@deprecated` could have announced.
const REMOVALS: [&str; 4] = [
    "FIELD_REMOVED",
    "FIELD_ARGUMENT_REMOVED",
    "INPUT_FIELD_REMOVED",
    "ENUM_VALUE_REMOVED",
];

/// `breaking` are the breaking changes from `base` to `head`.
pub fn step(
    base: &Schema,
    head: &Schema,
    subgraphs: &Subgraphs,
    used: &[Used],
    breaking: &[Finding],
) -> Step {
    let mut lint = Lint {
        base,
        head,
        findings: Vec::new(),
    };
    for (name, ty) in head.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        lint.ty(name, ty);
    }
    lint.mutations();
    lint.unannounced(breaking);
    lint.unused(used);
    let mut findings = lint.findings;
    for finding in &mut findings {
        if let Some(coordinate) = &finding.coordinate {
            finding.places = places::near_coordinate(subgraphs.head, subgraphs.base, coordinate);
        }
    }
    findings.sort_by_key(|finding| finding.severity);
    Step::new(
        StepName::Lint,
        "names, descriptions, deprecations, mutations, unused fields",
        findings,
    )
}

struct Lint<'a> {
    base: &'a Schema,
    head: &'a Schema,
    findings: Vec<Finding>,
}

impl Lint<'_> {
    fn add(&mut self, coordinate: &str, code: &str, message: impl Into<String>, instead: &str) {
        let parsed: Option<SchemaCoordinate> = coordinate.parse().ok();
        let old = parsed.is_some_and(|it| it.lookup(self.base).is_ok());
        let severity = if old {
            Severity::Warning
        } else {
            Severity::Error
        };
        self.findings.push(
            Finding::new(severity, code, message)
                .at(coordinate)
                .instead(instead),
        );
    }

    fn ty(&mut self, name: &str, ty: &ExtendedType) {
        if !is_pascal_case(name) {
            self.add(
                name,
                "NAME",
                format!("the {} `{name}` is not in PascalCase", kind(ty)),
                "write it like `UserError`",
            );
        }
        // The Relay cursor specification describes these.
        if ty.description().is_none() && !name.ends_with("Connection") {
            self.undescribed(name);
        }
        match ty {
            ExtendedType::Object(ty) => self.fields(name, ty.fields.values().map(|it| &***it)),
            ExtendedType::Interface(ty) => self.fields(name, ty.fields.values().map(|it| &***it)),
            ExtendedType::InputObject(ty) => {
                if !name.ends_with("Input") {
                    self.add(
                        name,
                        "NAME",
                        format!("the input `{name}` does not end in `Input`"),
                        "write it like `LoginInput`",
                    );
                }
                for field in ty.fields.values() {
                    self.value(&format!("{name}.{}", field.name), field);
                }
            }
            ExtendedType::Enum(ty) => {
                for value in ty.values.values() {
                    let coordinate = format!("{name}.{}", value.value);
                    if !is_upper_case(&value.value) {
                        let message = format!("the value `{coordinate}` is not in UPPER_CASE");
                        self.add(&coordinate, "NAME", message, "write it like `IN_REVIEW`");
                    }
                    if value.description.is_none() {
                        self.undescribed(&coordinate);
                    }
                    self.reason(&coordinate, &value.directives);
                }
            }
            ExtendedType::Scalar(_) | ExtendedType::Union(_) => {}
        }
    }

    fn fields<'a>(&mut self, ty: &str, fields: impl Iterator<Item = &'a FieldDefinition>) {
        for field in fields {
            let coordinate = format!("{ty}.{}", field.name);
            self.camel_case(&coordinate, &field.name);
            if field.description.is_none() {
                self.undescribed(&coordinate);
            }
            self.reason(&coordinate, &field.directives);
            for argument in &field.arguments {
                self.value(&format!("{coordinate}({}:)", argument.name), argument);
            }
        }
    }

    fn value(&mut self, coordinate: &str, value: &InputValueDefinition) {
        self.camel_case(coordinate, &value.name);
        if value.description.is_none() {
            self.undescribed(coordinate);
        }
        self.reason(coordinate, &value.directives);
    }

    fn camel_case(&mut self, coordinate: &str, name: &str) {
        if !is_camel_case(name) {
            self.add(
                coordinate,
                "NAME",
                format!("`{coordinate}` is not in camelCase"),
                "write it like `createdAt`",
            );
        }
    }

    fn undescribed(&mut self, coordinate: &str) {
        let how = "say in a sentence what it is, its unit, and when it is null";
        self.add(
            coordinate,
            "DESCRIPTION_MISSING",
            format!("`{coordinate}` has no description"),
            how,
        );
    }

    fn reason(&mut self, coordinate: &str, directives: &DirectiveList) {
        if deprecation::reason(directives)
            .is_some_and(|reason| reason.trim().is_empty() || reason == NO_REASON)
        {
            let how = "`@deprecated(reason: …)` says what to use instead";
            self.add(
                coordinate,
                "DEPRECATION_REASON_MISSING",
                format!("`{coordinate}` is deprecated without a reason"),
                how,
            );
        }
    }

    /// `verbObject(input: …Input!): …Payload`, the payload with `userErrors`.
    fn mutations(&mut self) {
        let root = self.head.schema_definition.mutation.as_ref();
        let Some(mutation) = root.and_then(|root| self.head.get_object(&root.name)) else {
            return;
        };
        for field in mutation.fields.values() {
            let coordinate = format!("{}.{}", mutation.name, field.name);
            let input = match field.arguments.as_slice() {
                [only] => {
                    only.name == "input"
                        && only.ty.is_non_null()
                        && only.ty.inner_named_type().ends_with("Input")
                }
                _ => false,
            };
            let payload = field.ty.inner_named_type();
            let errors = self
                .head
                .get_object(payload)
                .is_some_and(|it| it.fields.contains_key("userErrors"));
            if !(input && payload.ends_with("Payload") && errors) {
                let message =
                    format!("the mutation `{coordinate}` has another form than all others");
                let how =
                    "write `verbObject(input: …Input!): …Payload`, the payload with `userErrors`";
                self.add(&coordinate, "MUTATION_FORM", message, how);
            }
        }
    }

    /// What is removed without having been deprecated first.
    fn unannounced(&mut self, breaking: &[Finding]) {
        for removed in breaking
            .iter()
            .filter(|it| REMOVALS.contains(&it.code.as_str()))
        {
            let Some(coordinate) = &removed.coordinate else {
                continue;
            };
            if deprecation::reason_at(self.base, coordinate).is_none() {
                let message = format!("`{coordinate}` is removed and was never deprecated");
                let finding = Finding::new(Severity::Warning, "NOT_DEPRECATED_FIRST", message);
                let how = "deprecate it in a release before the one that removes it";
                self.findings
                    .push(finding.at(coordinate.clone()).instead(how));
            }
        }
    }

    fn unused(&mut self, used: &[Used]) {
        if used.is_empty() {
            return;
        }
        let all: BTreeSet<&str> = used
            .iter()
            .flat_map(|it| &it.coordinates)
            .map(String::as_str)
            .collect();
        for (name, ty) in self.head.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
            let fields = match ty {
                ExtendedType::Object(ty) => &ty.fields,
                ExtendedType::Interface(ty) => &ty.fields,
                _ => continue,
            };
            if CURSORS.iter().any(|end| name.ends_with(end)) {
                continue;
            }
            for field in fields.keys() {
                let coordinate = format!("{name}.{field}");
                // What is new here is asked for later.
                let new = self.base.type_field(name, field).is_err();
                if !new && !all.contains(coordinate.as_str()) {
                    let message = "no recorded operation asks for it";
                    self.findings.push(
                        Finding::new(Severity::Warning, "UNUSED_FIELD", message).at(coordinate),
                    );
                }
            }
        }
    }
}

fn is_pascal_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_camel_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

fn is_upper_case(name: &str) -> bool {
    name.chars()
        .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}
