//! Changes of directives: those that operations may write, and those that stand in the schema.

use apollo_compiler::Name;
use apollo_compiler::ast::Directive;
use apollo_compiler::schema::{DirectiveDefinition, ExtendedType};

use super::nullability::input_is_safe;
use super::values::{addition, default_change};
use super::{Breaking, Criticality, Dangerous, Diff, Kind, Safe};

impl Diff<'_> {
    pub(super) fn directive_definitions(&mut self) {
        let (old, new) = (self.old, self.new);
        for (name, before) in old
            .directive_definitions
            .iter()
            .filter(|(_, it)| !it.is_built_in())
        {
            if let Some(after) = new.directive_definitions.get(name) {
                self.directive(name, before, after);
            } else {
                let message = format!("the directive `@{name}` is gone");
                self.add(
                    Kind::DirectiveRemoved,
                    Breaking,
                    format!("@{name}"),
                    message,
                );
            }
        }
        for (name, _) in new
            .directive_definitions
            .iter()
            .filter(|(_, it)| !it.is_built_in())
        {
            if !old.directive_definitions.contains_key(name) {
                let message = format!("the directive `@{name}` is new");
                self.add(Kind::DirectiveAdded, Safe, format!("@{name}"), message);
            }
        }
    }

    fn directive(&mut self, name: &Name, old: &DirectiveDefinition, new: &DirectiveDefinition) {
        let directive = format!("@{name}");
        match (old.repeatable, new.repeatable) {
            (true, false) => self.add(
                Kind::DirectiveRepeatableRemoved,
                Dangerous,
                &directive,
                format!("`{directive}` may stand only once in a place now"),
            ),
            (false, true) => {
                let message = format!("`{directive}` may be repeated now");
                self.add(Kind::DirectiveRepeatableAdded, Safe, &directive, message);
            }
            _ => {}
        }
        for place in old
            .locations
            .iter()
            .filter(|place| !new.locations.contains(place))
        {
            let message = format!("`{directive}` may not stand at {place} any more");
            self.add(
                Kind::DirectiveLocationRemoved,
                Breaking,
                &directive,
                message,
            );
        }
        for place in new
            .locations
            .iter()
            .filter(|place| !old.locations.contains(place))
        {
            let message = format!("`{directive}` may stand at {place} now");
            self.add(Kind::DirectiveLocationAdded, Safe, &directive, message);
        }
        self.directive_arguments(&directive, old, new);
        let changed = Kind::DirectiveDescriptionChanged;
        self.description(
            [changed; 3],
            &directive,
            old.description.as_ref(),
            new.description.as_ref(),
        );
    }

    fn directive_arguments(
        &mut self,
        directive: &str,
        old: &DirectiveDefinition,
        new: &DirectiveDefinition,
    ) {
        let touches = || vec![directive.to_owned()];
        for before in &old.arguments {
            let coordinate = format!("{directive}({}:)", before.name);
            let Some(after) = new.arguments.iter().find(|after| after.name == before.name) else {
                let message = format!("the argument `{coordinate}` is gone");
                self.add_touching(
                    Kind::DirectiveArgumentRemoved,
                    Breaking,
                    coordinate,
                    message,
                    touches(),
                );
                continue;
            };
            if before.ty != after.ty {
                let safe = input_is_safe(&before.ty, &after.ty);
                let message = format!("`{coordinate}` was `{}` and is `{}`", before.ty, after.ty);
                let criticality = if safe { Safe } else { Breaking };
                self.add_touching(
                    Kind::DirectiveArgumentTypeChanged,
                    criticality,
                    &coordinate,
                    message,
                    touches(),
                );
            }
            if let Some((criticality, message)) = default_change(&coordinate, before, after) {
                let kind = Kind::DirectiveArgumentDefaultValueChanged;
                self.add_touching(kind, criticality, &coordinate, message, touches());
            }
            let changed = Kind::DirectiveArgumentDescriptionChanged;
            self.description(
                [changed; 3],
                &coordinate,
                before.description.as_ref(),
                after.description.as_ref(),
            );
        }
        for added in new
            .arguments
            .iter()
            .filter(|new| old.arguments.iter().all(|old| old.name != new.name))
        {
            let coordinate = format!("{directive}({}:)", added.name);
            let (criticality, how) = addition(added);
            let message = format!("the argument `{coordinate}` is new, and {how}");
            self.add_touching(
                Kind::DirectiveArgumentAdded,
                criticality,
                coordinate,
                message,
                touches(),
            );
        }
    }

    pub(super) fn type_directives(&mut self, name: &Name, old: &ExtendedType, new: &ExtendedType) {
        let kinds = match new {
            ExtendedType::Scalar(_) => [
                Kind::DirectiveUsageScalarAdded,
                Kind::DirectiveUsageScalarRemoved,
            ],
            ExtendedType::Object(_) => [
                Kind::DirectiveUsageObjectAdded,
                Kind::DirectiveUsageObjectRemoved,
            ],
            ExtendedType::Interface(_) => [
                Kind::DirectiveUsageInterfaceAdded,
                Kind::DirectiveUsageInterfaceRemoved,
            ],
            ExtendedType::Union(_) => [
                Kind::DirectiveUsageUnionAdded,
                Kind::DirectiveUsageUnionRemoved,
            ],
            ExtendedType::Enum(_) => [
                Kind::DirectiveUsageEnumAdded,
                Kind::DirectiveUsageEnumRemoved,
            ],
            ExtendedType::InputObject(_) => [
                Kind::DirectiveUsageInputObjectAdded,
                Kind::DirectiveUsageInputObjectRemoved,
            ],
        };
        let directives = |ty: &ExtendedType| -> Vec<_> {
            ty.directives().iter().map(|it| it.node.clone()).collect()
        };
        let (old, new) = (directives(old), directives(new));
        self.usages(kinds, name.as_str(), &old, &new, &[]);
    }

    /// `kinds`: added, removed. `known` have codes of their own.
    pub(super) fn usages<'a, T: AsRef<Directive> + PartialEq + 'a>(
        &mut self,
        kinds: [Kind; 2],
        coordinate: &str,
        old: &'a [T],
        new: &'a [T],
        known: &[&str],
    ) {
        let [added, removed] = kinds;
        let without = |all: &'a [T], others: &[T]| -> Vec<&'a Directive> {
            let rest = all.iter().filter(|directive| !others.contains(directive));
            rest.map(AsRef::as_ref)
                .filter(|it| !known.contains(&it.name.as_str()))
                .collect()
        };
        for directive in without(old, new) {
            let criticality = match directive.name.as_str() {
                "deprecated" | "oneOf" => Safe,
                _ => Dangerous,
            };
            self.add(
                removed,
                criticality,
                coordinate,
                format!("`{coordinate}` has no `{directive}` any more"),
            );
        }
        for directive in without(new, old) {
            let criticality: Criticality = match directive.name.as_str() {
                "deprecated" => Safe,
                "oneOf" => Breaking,
                _ => Dangerous,
            };
            self.add(
                added,
                criticality,
                coordinate,
                format!("`{coordinate}` has `{directive}` now"),
            );
        }
    }
}
