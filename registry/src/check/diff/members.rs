//! Changes of what a type is made of: fields, interfaces, members of a union, values of an enum.

use apollo_compiler::Name;
use apollo_compiler::ast::FieldDefinition;
use apollo_compiler::collections::{IndexMap, IndexSet};
use apollo_compiler::schema::{Component, ComponentName, EnumType, ExtendedType, UnionType};

use super::super::deprecation;
use super::nullability::output_is_safe;
use super::{Breaking, Dangerous, Diff, Kind, Safe};

impl Diff<'_> {
    pub(super) fn interfaces(
        &mut self,
        ty: &Name,
        old: &IndexSet<ComponentName>,
        new: &IndexSet<ComponentName>,
    ) {
        for interface in old.iter().filter(|interface| !new.contains(*interface)) {
            self.add_touching(
                Kind::ObjectTypeInterfaceRemoved,
                Breaking,
                format!("{ty}.{interface}"),
                format!("`{ty}` does not implement `{interface}` any more"),
                vec![ty.to_string(), interface.to_string()],
            );
        }
        for interface in new.iter().filter(|interface| !old.contains(*interface)) {
            self.interface_added(ty, &interface.name);
        }
    }

    pub(super) fn interface_added(&mut self, ty: &Name, interface: &Name) {
        let (criticality, message) = if self.old.types.contains_key(interface) {
            let comes = format!("and may come where `{interface}` is asked for");
            (
                Dangerous,
                format!("`{ty}` implements `{interface}` now, {comes}"),
            )
        } else {
            // Nobody has asked for it yet.
            (
                Safe,
                format!("`{ty}` implements `{interface}`, which is new"),
            )
        };
        let coordinate = format!("{ty}.{interface}");
        self.add(
            Kind::ObjectTypeInterfaceAdded,
            criticality,
            coordinate,
            message,
        );
    }

    pub(super) fn members(&mut self, name: &Name, old: &UnionType, new: &UnionType) {
        for member in old
            .members
            .iter()
            .filter(|member| !new.members.contains(*member))
        {
            self.add_touching(
                Kind::UnionMemberRemoved,
                Breaking,
                format!("{name}.{member}"),
                format!("the union `{name}` does not have `{member}` any more"),
                vec![name.to_string(), member.to_string()],
            );
        }
        for member in new
            .members
            .iter()
            .filter(|member| !old.members.contains(*member))
        {
            let message = format!("`{member}` may come where `{name}` is asked for");
            self.add(
                Kind::UnionMemberAdded,
                Dangerous,
                format!("{name}.{member}"),
                message,
            );
        }
    }

    pub(super) fn enum_values(&mut self, name: &Name, old: &EnumType, new: &EnumType) {
        for (value, before) in &old.values {
            let coordinate = format!("{name}.{value}");
            let Some(after) = new.values.get(value) else {
                self.add(
                    Kind::EnumValueRemoved,
                    Breaking,
                    &coordinate,
                    format!("the value `{coordinate}` is gone"),
                );
                continue;
            };
            let (reason, now) = (
                deprecation::reason(&before.directives),
                deprecation::reason(&after.directives),
            );
            if let Some((kind, message)) = match (reason, now) {
                (None, Some(reason)) => Some((
                    Kind::EnumValueDeprecationReasonAdded,
                    format!("`{coordinate}` is deprecated now: {reason}"),
                )),
                (Some(_), None) => Some((
                    Kind::EnumValueDeprecationReasonRemoved,
                    format!("`{coordinate}` is not deprecated any more"),
                )),
                (Some(old), Some(new)) if old != new => Some((
                    Kind::EnumValueDeprecationReasonChanged,
                    format!("`{coordinate}` is deprecated for another reason: {new}"),
                )),
                _ => None,
            } {
                self.add(kind, Safe, &coordinate, message);
            }
            let usage = [
                Kind::DirectiveUsageEnumValueAdded,
                Kind::DirectiveUsageEnumValueRemoved,
            ];
            self.usages(
                usage,
                &coordinate,
                &before.directives,
                &after.directives,
                &["deprecated"],
            );
            let changed = Kind::EnumValueDescriptionChanged;
            self.description(
                [changed; 3],
                &coordinate,
                before.description.as_ref(),
                after.description.as_ref(),
            );
        }
        for value in new
            .values
            .keys()
            .filter(|value| !old.values.contains_key(*value))
        {
            let coordinate = format!("{name}.{value}");
            // Whoever only sends values need not know all of them.
            let comes = self.comes_in_answers(name);
            let (criticality, message) = if comes {
                (
                    Dangerous,
                    format!("the value `{coordinate}` is new, and may come in answers"),
                )
            } else {
                (
                    Safe,
                    format!("the value `{coordinate}` is new, and is only ever sent"),
                )
            };
            self.add(Kind::EnumValueAdded, criticality, coordinate, message);
        }
    }

    /// Whether a field had this type, that is, whether a client has ever read it.
    fn comes_in_answers(&self, name: &Name) -> bool {
        self.old.types.values().any(|ty| {
            let fields = match ty {
                ExtendedType::Object(ty) => &ty.fields,
                ExtendedType::Interface(ty) => &ty.fields,
                _ => return false,
            };
            fields
                .values()
                .any(|field| field.ty.inner_named_type() == name)
        })
    }

    pub(super) fn fields(
        &mut self,
        ty: &Name,
        old: &IndexMap<Name, Component<FieldDefinition>>,
        new: &IndexMap<Name, Component<FieldDefinition>>,
    ) {
        for (name, before) in old {
            if let Some(after) = new.get(name) {
                self.field(&format!("{ty}.{name}"), before, after);
            } else {
                let coordinate = format!("{ty}.{name}");
                let message = match deprecation::reason(&before.directives) {
                    Some(_) => format!("the deprecated field `{coordinate}` is gone"),
                    None => format!("the field `{coordinate}` is gone"),
                };
                self.add(Kind::FieldRemoved, Breaking, coordinate, message);
            }
        }
        for name in new.keys().filter(|name| !old.contains_key(*name)) {
            let coordinate = format!("{ty}.{name}");
            let message = format!("the field `{coordinate}` is new");
            self.add(Kind::FieldAdded, Safe, coordinate, message);
        }
    }

    fn field(&mut self, coordinate: &str, old: &FieldDefinition, new: &FieldDefinition) {
        if old.ty != new.ty {
            let safe = output_is_safe(&old.ty, &new.ty);
            let message = format!("`{coordinate}` was `{}` and is `{}`", old.ty, new.ty);
            self.add(
                Kind::FieldTypeChanged,
                if safe { Safe } else { Breaking },
                coordinate,
                message,
            );
        }
        if let Some((kind, message)) = match (
            deprecation::reason(&old.directives),
            deprecation::reason(&new.directives),
        ) {
            (None, Some(reason)) => Some((
                Kind::FieldDeprecationAdded,
                format!("`{coordinate}` is deprecated now: {reason}"),
            )),
            (Some(_), None) => Some((
                Kind::FieldDeprecationRemoved,
                format!("`{coordinate}` is not deprecated any more"),
            )),
            (Some(old), Some(new)) if old != new => Some((
                Kind::FieldDeprecationReasonChanged,
                format!("`{coordinate}` is deprecated for another reason: {new}"),
            )),
            _ => None,
        } {
            self.add(kind, Safe, coordinate, message);
        }
        self.arguments(coordinate, &old.arguments, &new.arguments);
        let usage = [
            Kind::DirectiveUsageFieldAdded,
            Kind::DirectiveUsageFieldRemoved,
        ];
        self.usages(
            usage,
            coordinate,
            &old.directives,
            &new.directives,
            &["deprecated"],
        );
        let kinds = [
            Kind::FieldDescriptionAdded,
            Kind::FieldDescriptionChanged,
            Kind::FieldDescriptionRemoved,
        ];
        self.description(
            kinds,
            coordinate,
            old.description.as_ref(),
            new.description.as_ref(),
        );
    }
}
