//! What changed between two API schemas, and what each change does to clients.
//!
//! The codes are those of GraphQL Hive and graphql-inspector. tests/schema compares every change with what graphql-inspector
//! says of it, and names where we differ and why.

mod directives;
mod kinds;
mod members;
mod nullability;
mod values;

use apollo_compiler::schema::{ComponentName, ExtendedType};
use apollo_compiler::{Name, Node, Schema};

use super::report::Criticality::{self, Breaking, Dangerous, Safe};
pub use kinds::Kind;

/// One change of the API.
#[derive(Debug)]
pub struct Change {
    pub kind: Kind,
    /// As the GraphQL specification writes it. A member of a union is written `Union.Member`, an interface of a type
    /// `Type.Interface`.
    pub coordinate: String,
    pub criticality: Criticality,
    pub message: String,
    /// An operation is affected that uses all of these coordinates (`usage::coordinates`).
    pub touches: Vec<String>,
}

/// All changes from one schema to another, in the order of the schema.
pub fn diff(old: &Schema, new: &Schema) -> Vec<Change> {
    let mut diff = Diff {
        old,
        new,
        changes: Vec::new(),
    };
    diff.roots();
    diff.directive_definitions();
    diff.types();
    diff.changes
}

struct Diff<'a> {
    old: &'a Schema,
    new: &'a Schema,
    changes: Vec<Change>,
}

impl Diff<'_> {
    /// A change that touches whoever uses its coordinate.
    fn add(
        &mut self,
        kind: Kind,
        criticality: Criticality,
        coordinate: impl Into<String>,
        message: impl Into<String>,
    ) {
        let coordinate = coordinate.into();
        let touches = vec![coordinate.clone()];
        self.add_touching(kind, criticality, coordinate, message, touches);
    }

    fn add_touching(
        &mut self,
        kind: Kind,
        criticality: Criticality,
        coordinate: impl Into<String>,
        message: impl Into<String>,
        touches: Vec<String>,
    ) {
        self.changes.push(Change {
            kind,
            coordinate: coordinate.into(),
            criticality,
            message: message.into(),
            touches,
        });
    }

    fn roots(&mut self) {
        let (old, new) = (&self.old.schema_definition, &self.new.schema_definition);
        let roots = [
            (Kind::SchemaQueryTypeChanged, &old.query, &new.query),
            (
                Kind::SchemaMutationTypeChanged,
                &old.mutation,
                &new.mutation,
            ),
            (
                Kind::SchemaSubscriptionTypeChanged,
                &old.subscription,
                &new.subscription,
            ),
        ];
        for (kind, old, new) in roots {
            let name = |root: &Option<ComponentName>| root.as_ref().map(|root| root.name.clone());
            let written =
                |root: Option<Name>| root.map_or("nothing".to_owned(), |name| format!("`{name}`"));
            let (old, new) = (name(old), name(new));
            if old == new {
                continue;
            }
            let criticality = if old.is_some() { Breaking } else { Safe };
            let coordinate = old
                .clone()
                .or(new.clone())
                .map_or_else(String::new, |name| name.to_string());
            let message = format!("the root type was {} and is {}", written(old), written(new));
            self.add(kind, criticality, coordinate, message);
        }
    }

    fn types(&mut self) {
        let (old, new) = (self.old, self.new);
        for (name, ty) in old.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
            match new.types.get(name) {
                Some(after) => self.ty(name, ty, after),
                None => self.add(
                    Kind::TypeRemoved,
                    Breaking,
                    name.as_str(),
                    format!("{} `{name}` is gone", kind(ty)),
                ),
            }
        }
        for (name, ty) in new.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
            if !old.types.contains_key(name) {
                self.add(
                    Kind::TypeAdded,
                    Safe,
                    name.as_str(),
                    format!("{} `{name}` is new", kind(ty)),
                );
                self.joins(name, ty);
            }
        }
    }

    /// A new type is one more that may come where there was an interface before.
    fn joins(&mut self, name: &Name, ty: &ExtendedType) {
        let ExtendedType::Object(object) = ty else {
            return;
        };
        for interface in &object.implements_interfaces {
            if self.old.types.contains_key(&interface.name) {
                self.interface_added(name, &interface.name);
            }
        }
    }

    fn ty(&mut self, name: &Name, old: &ExtendedType, new: &ExtendedType) {
        match (old, new) {
            (ExtendedType::Scalar(_), ExtendedType::Scalar(_)) => {}
            (ExtendedType::Object(old), ExtendedType::Object(new)) => {
                self.interfaces(name, &old.implements_interfaces, &new.implements_interfaces);
                self.fields(name, &old.fields, &new.fields);
            }
            (ExtendedType::Interface(old), ExtendedType::Interface(new)) => {
                self.interfaces(name, &old.implements_interfaces, &new.implements_interfaces);
                self.fields(name, &old.fields, &new.fields);
            }
            (ExtendedType::Union(old), ExtendedType::Union(new)) => self.members(name, old, new),
            (ExtendedType::Enum(old), ExtendedType::Enum(new)) => self.enum_values(name, old, new),
            (ExtendedType::InputObject(old), ExtendedType::InputObject(new)) => {
                self.input_fields(name, old, new);
            }
            (old, new) => {
                let message = format!("`{name}` was a {} and is a {}", kind(old), kind(new));
                return self.add(Kind::TypeKindChanged, Breaking, name.as_str(), message);
            }
        }
        self.type_directives(name, old, new);
        let kinds = [
            Kind::TypeDescriptionAdded,
            Kind::TypeDescriptionChanged,
            Kind::TypeDescriptionRemoved,
        ];
        self.description(kinds, name.as_str(), old.description(), new.description());
    }

    /// `kinds`: added, changed, removed.
    fn description(
        &mut self,
        kinds: [Kind; 3],
        coordinate: &str,
        old: Option<&Node<str>>,
        new: Option<&Node<str>>,
    ) {
        let [added, changed, removed] = kinds;
        let (kind, how) = match (old, new) {
            (None, Some(_)) => (added, "has a description now"),
            (Some(_), None) => (removed, "has no description any more"),
            (Some(old), Some(new)) if old != new => (changed, "has another description"),
            _ => return,
        };
        self.add(kind, Safe, coordinate, format!("`{coordinate}` {how}"));
    }
}

/// As SDL calls it.
pub fn kind(ty: &ExtendedType) -> &'static str {
    match ty {
        ExtendedType::Scalar(_) => "scalar",
        ExtendedType::Object(_) => "type",
        ExtendedType::Interface(_) => "interface",
        ExtendedType::Union(_) => "union",
        ExtendedType::Enum(_) => "enum",
        ExtendedType::InputObject(_) => "input",
    }
}
