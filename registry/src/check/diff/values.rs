//! Changes of what clients send: arguments of fields, fields of input types.

use apollo_compiler::ast::{InputValueDefinition, Value};
use apollo_compiler::schema::InputObjectType;
use apollo_compiler::{Name, Node};

use super::nullability::input_is_safe;
use super::{Breaking, Criticality, Dangerous, Diff, Kind, Safe};

impl Diff<'_> {
    pub(super) fn arguments(
        &mut self,
        field: &str,
        old: &[Node<InputValueDefinition>],
        new: &[Node<InputValueDefinition>],
    ) {
        for before in old {
            let coordinate = format!("{field}({}:)", before.name);
            let Some(after) = new.iter().find(|after| after.name == before.name) else {
                let message = format!("the argument `{coordinate}` is gone");
                self.add(Kind::FieldArgumentRemoved, Breaking, coordinate, message);
                continue;
            };
            self.argument_type(&coordinate, before, after);
            if let Some((criticality, message)) = default_change(&coordinate, before, after) {
                // Those who leave it out are concerned, and they are not among those who name it.
                let touches = vec![field.to_owned()];
                self.add_touching(
                    Kind::FieldArgumentDefaultChanged,
                    criticality,
                    &coordinate,
                    message,
                    touches,
                );
            }
            let usage = [
                Kind::DirectiveUsageArgumentAdded,
                Kind::DirectiveUsageArgumentRemoved,
            ];
            self.usages(
                usage,
                &coordinate,
                &before.directives,
                &after.directives,
                &[],
            );
            let changed = Kind::FieldArgumentDescriptionChanged;
            self.description(
                [changed; 3],
                &coordinate,
                before.description.as_ref(),
                after.description.as_ref(),
            );
        }
        for added in new
            .iter()
            .filter(|new| old.iter().all(|old| old.name != new.name))
        {
            let coordinate = format!("{field}({}:)", added.name);
            let (criticality, how) = addition(added);
            let message = format!("the argument `{coordinate}` is new, and {how}");
            self.add_touching(
                Kind::FieldArgumentAdded,
                criticality,
                coordinate,
                message,
                vec![field.to_owned()],
            );
        }
    }

    fn argument_type(
        &mut self,
        coordinate: &str,
        old: &InputValueDefinition,
        new: &InputValueDefinition,
    ) {
        if old.ty != new.ty {
            let safe = input_is_safe(&old.ty, &new.ty);
            let message = format!("`{coordinate}` was `{}` and is `{}`", old.ty, new.ty);
            self.add(
                Kind::FieldArgumentTypeChanged,
                if safe { Safe } else { Breaking },
                coordinate,
                message,
            );
        }
    }

    pub(super) fn input_fields(&mut self, ty: &Name, old: &InputObjectType, new: &InputObjectType) {
        for (name, before) in &old.fields {
            let coordinate = format!("{ty}.{name}");
            let Some(after) = new.fields.get(name) else {
                let message = format!("the input field `{coordinate}` is gone");
                self.add(Kind::InputFieldRemoved, Breaking, coordinate, message);
                continue;
            };
            if before.ty != after.ty {
                let safe = input_is_safe(&before.ty, &after.ty);
                let message = format!("`{coordinate}` was `{}` and is `{}`", before.ty, after.ty);
                self.add(
                    Kind::InputFieldTypeChanged,
                    if safe { Safe } else { Breaking },
                    &coordinate,
                    message,
                );
            }
            if let Some((criticality, message)) = default_change(&coordinate, before, after) {
                let touches = vec![ty.to_string()];
                self.add_touching(
                    Kind::InputFieldDefaultValueChanged,
                    criticality,
                    &coordinate,
                    message,
                    touches,
                );
            }
            let usage = [
                Kind::DirectiveUsageInputFieldAdded,
                Kind::DirectiveUsageInputFieldRemoved,
            ];
            self.usages(
                usage,
                &coordinate,
                &before.directives,
                &after.directives,
                &[],
            );
            let kinds = [
                Kind::InputFieldDescriptionAdded,
                Kind::InputFieldDescriptionChanged,
                Kind::InputFieldDescriptionRemoved,
            ];
            self.description(
                kinds,
                &coordinate,
                before.description.as_ref(),
                after.description.as_ref(),
            );
        }
        for (name, added) in new
            .fields
            .iter()
            .filter(|(name, _)| !old.fields.contains_key(*name))
        {
            let coordinate = format!("{ty}.{name}");
            let (criticality, how) = addition(added);
            let message = format!("the input field `{coordinate}` is new, and {how}");
            self.add_touching(
                Kind::InputFieldAdded,
                criticality,
                coordinate,
                message,
                vec![ty.to_string()],
            );
        }
    }
}

/// What one more argument or input field does to those who do not send it.
pub(super) fn addition(added: &InputValueDefinition) -> (Criticality, &'static str) {
    match &added.default_value {
        None if added.ty.is_non_null() => (Breaking, "it is required"),
        None => (Safe, "it may be left out"),
        Some(value) if value.is_null() => (Safe, "it may be left out"),
        Some(_) => (
            Dangerous,
            "whoever leaves it out asks for its default from now on",
        ),
    }
}

/// What another default does; none when it is the same.
pub(super) fn default_change(
    coordinate: &str,
    old: &InputValueDefinition,
    new: &InputValueDefinition,
) -> Option<(Criticality, String)> {
    let written = |value: &Option<Node<Value>>| {
        value
            .as_ref()
            .map_or("none".to_owned(), |value| format!("`{value}`"))
    };
    let (before, after) = (&old.default_value, &new.default_value);
    if before == after {
        return None;
    }
    let message = format!(
        "the default of `{coordinate}` was {} and is {}",
        written(before),
        written(after)
    );
    let criticality = match (before, after) {
        // Nobody could leave it out before.
        (None, Some(_)) if old.ty.is_non_null() => Safe,
        // Nobody may leave it out any more.
        (Some(_), None) if new.ty.is_non_null() => Breaking,
        _ => Dangerous,
    };
    Some((criticality, message))
}
