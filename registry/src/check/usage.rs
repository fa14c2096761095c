//! What of a schema an operation uses.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Argument, DirectiveList, InputValueDefinition, Type, Value};
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Node, Schema};

/// Every coordinate that a document uses: types, fields, arguments, fields of input types, enum values, directives. What
/// comes in a variable is not known, so all that its type permits is used. What the schema lacks is left out.
pub fn coordinates(schema: &Valid<Schema>, document: &str) -> BTreeSet<String> {
    let document = match ExecutableDocument::parse(schema, document, "operation") {
        Ok(document) => document,
        Err(errors) => errors.partial,
    };
    let mut uses = Uses {
        schema,
        found: BTreeSet::new(),
    };
    for operation in document.operations.iter() {
        uses.operation(operation);
    }
    for fragment in document.fragments.values() {
        uses.directives(&fragment.directives);
        uses.selections(&fragment.selection_set);
    }
    uses.found
}

struct Uses<'a> {
    schema: &'a Schema,
    found: BTreeSet<String>,
}

impl Uses<'_> {
    fn operation(&mut self, operation: &Operation) {
        self.directives(&operation.directives);
        for variable in &operation.variables {
            self.any_value(variable.ty.inner_named_type());
            self.directives(&variable.directives);
        }
        self.selections(&operation.selection_set);
    }

    fn selections(&mut self, set: &SelectionSet) {
        self.found.insert(set.ty.to_string());
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => self.field(&set.ty, field),
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.directives);
                    self.selections(&fragment.selection_set);
                }
                // Its fragment is visited once, by itself.
                Selection::FragmentSpread(spread) => self.directives(&spread.directives),
            }
        }
    }

    fn field(&mut self, parent: &Name, field: &Field) {
        let coordinate = format!("{parent}.{}", field.name);
        self.directives(&field.directives);
        self.found.insert(field.ty().inner_named_type().to_string());
        self.arguments(&coordinate, &field.arguments, &field.definition.arguments);
        self.found.insert(coordinate);
        if !field.selection_set.selections.is_empty() {
            self.selections(&field.selection_set);
        }
    }

    fn directives(&mut self, directives: &DirectiveList) {
        for directive in directives {
            let coordinate = format!("@{}", directive.name);
            if let Some(definition) = self.schema.directive_definitions.get(&directive.name) {
                let definition = definition.clone();
                self.arguments(&coordinate, &directive.arguments, &definition.arguments);
            }
            self.found.insert(coordinate);
        }
    }

    /// Arguments that are given, of a field or a directive.
    fn arguments(
        &mut self,
        of: &str,
        given: &[Node<Argument>],
        defined: &[Node<InputValueDefinition>],
    ) {
        for argument in given {
            let Some(definition) = defined.iter().find(|it| it.name == argument.name) else {
                continue;
            };
            self.found.insert(format!("{of}({}:)", argument.name));
            self.value(&definition.ty, &argument.value);
        }
    }

    /// A value as it is written in the document.
    fn value(&mut self, ty: &Type, value: &Value) {
        let name = ty.inner_named_type();
        self.found.insert(name.to_string());
        match value {
            Value::Enum(value) => {
                self.found.insert(format!("{name}.{value}"));
            }
            Value::List(items) => {
                for item in items {
                    self.value(ty, item);
                }
            }
            Value::Object(fields) => {
                let Some(input) = self.schema.get_input_object(name) else {
                    return;
                };
                let input = input.clone();
                for (field, value) in fields {
                    if let Some(definition) = input.fields.get(field) {
                        self.found.insert(format!("{name}.{field}"));
                        self.value(&definition.ty, value);
                    }
                }
            }
            // A variable has been counted where it is declared.
            _ => {}
        }
    }

    /// Whatever a variable of a type may hold.
    fn any_value(&mut self, name: &Name) {
        let seen = !self.found.insert(name.to_string());
        match self.schema.types.get(name).cloned() {
            Some(ExtendedType::Enum(ty)) => {
                let values = ty.values.keys().map(|value| format!("{name}.{value}"));
                self.found.extend(values);
            }
            // An input type may have itself inside.
            Some(ExtendedType::InputObject(ty)) if !seen => {
                for (field, definition) in &ty.fields {
                    self.found.insert(format!("{name}.{field}"));
                    self.any_value(definition.ty.inner_named_type());
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SDL: &str = "
        directive @twice(of: Color) on FIELD
        type Query { pets(filter: Filter, color: Color, first: Int): [Pet] }
        interface Pet { name: String age: Int }
        type Dog implements Pet { name: String age: Int color: Color }
        type Cat implements Pet { name: String age: Int }
        enum Color { RED BLUE }
        input Filter { name: String color: Color and: [Filter!] }";

    fn used(document: &str) -> Vec<String> {
        let schema = Schema::parse_and_validate(SDL, "schema").unwrap();
        coordinates(&schema, document).into_iter().collect()
    }

    #[test]
    fn fields_count_with_the_type_they_are_asked_of_and_types_with_what_leads_to_them() {
        assert_eq!(
            used(
                "query Q { pets(first: 1) { name ... on Dog { ...D } } } fragment D on Dog { color @twice(of: RED) }"
            ),
            [
                "@twice",
                "@twice(of:)",
                "Color",
                "Color.RED",
                "Dog",
                "Dog.color",
                "Int",
                "Pet",
                "Pet.name",
                "Query",
                "Query.pets",
                "Query.pets(first:)",
                "String",
            ]
        );
    }

    #[test]
    fn of_a_value_counts_what_is_written_and_of_a_variable_all_that_it_may_hold() {
        let written = used("query Q { pets(filter: {and: [{color: BLUE}]}) { name } }");
        let has = |all: &[String], one: &str| all.iter().any(|it| it == one);
        for expected in ["Filter", "Filter.and", "Filter.color", "Color.BLUE"] {
            assert!(has(&written, expected), "{expected}: {written:?}");
        }
        assert!(
            !has(&written, "Filter.name") && !has(&written, "Color.RED"),
            "{written:?}"
        );
        let variable = used("query Q($filter: Filter) { pets(filter: $filter) { name } }");
        for expected in [
            "Filter.and",
            "Filter.color",
            "Filter.name",
            "Color.BLUE",
            "Color.RED",
        ] {
            assert!(has(&variable, expected), "{expected}: {variable:?}");
        }
    }

    #[test]
    fn what_the_schema_lacks_is_left_out_and_the_rest_counts() {
        let used = used("query Q { pets { name nickname } dragons { name } }");
        assert_eq!(used, ["Pet", "Pet.name", "Query", "Query.pets", "String"]);
    }
}
