//! Removes the literals from a document, because clients write secrets such as passwords into documents. Field, argument and
//! input field names stay.

use hive_router::graphql_tools::static_graphql::query::{
    Definition, Directive, Document, OperationDefinition, Selection, SelectionSet, Value,
    VariableDefinition,
};

/// Prints a document with empty strings and zeros in place of its literals.
pub(super) fn redact_literals(mut document: Document) -> String {
    for definition in &mut document.definitions {
        match definition {
            Definition::Fragment(fragment) => {
                directives(&mut fragment.directives);
                selections(&mut fragment.selection_set);
            }
            Definition::Operation(operation) => match operation {
                OperationDefinition::SelectionSet(set) => selections(set),
                OperationDefinition::Query(query) => {
                    variables(&mut query.variable_definitions);
                    directives(&mut query.directives);
                    selections(&mut query.selection_set);
                }
                OperationDefinition::Mutation(mutation) => {
                    variables(&mut mutation.variable_definitions);
                    directives(&mut mutation.directives);
                    selections(&mut mutation.selection_set);
                }
                OperationDefinition::Subscription(subscription) => {
                    variables(&mut subscription.variable_definitions);
                    directives(&mut subscription.directives);
                    selections(&mut subscription.selection_set);
                }
            },
        }
    }
    document.to_string()
}

fn variables(definitions: &mut [VariableDefinition]) {
    for default in definitions
        .iter_mut()
        .filter_map(|d| d.default_value.as_mut())
    {
        value(default);
    }
}

fn directives(applied: &mut [Directive]) {
    for (_name, argument) in applied.iter_mut().flat_map(|d| &mut d.arguments) {
        value(argument);
    }
}

fn selections(set: &mut SelectionSet) {
    for item in &mut set.items {
        match item {
            Selection::Field(field) => {
                for (_name, argument) in &mut field.arguments {
                    value(argument);
                }
                directives(&mut field.directives);
                selections(&mut field.selection_set);
            }
            Selection::FragmentSpread(spread) => directives(&mut spread.directives),
            Selection::InlineFragment(fragment) => {
                directives(&mut fragment.directives);
                selections(&mut fragment.selection_set);
            }
        }
    }
}

fn value(given: &mut Value) {
    match given {
        Value::String(text) => text.clear(),
        Value::Int(number) => *number = 0.into(),
        Value::Float(number) => *number = 0.0,
        Value::List(values) => values.iter_mut().for_each(value),
        Value::Object(members) => members.iter_mut().for_each(|(_name, member)| value(member)),
        // Names of the schema, or free of personal data.
        Value::Variable(_) | Value::Boolean(_) | Value::Null | Value::Enum(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use hive_router::query_planner::utils::parsing::parse_operation;

    use super::*;

    #[test]
    fn redacts_literals_in_every_position() {
        let secrets = "query Q($v: In = {text: \"secret\", number: 41}) @d(a: \"secret\") {
            a(text: \"secret\", list: [41, [4.1]], kind: PLAIN, flag: true, none: null, id: $v) @d(a: 41) {
                ... on T @d(a: \"secret\") { b(block: \"\"\"secret\"\"\") }
                ...F @d(a: 41)
            }
        }
        fragment F on T @d(a: \"secret\") { c(in: {deep: {text: \"secret\"}}) }";
        let redacted = redact_literals(parse_operation(secrets));
        for value in ["secret", "41", "4.1"] {
            assert!(!redacted.contains(value), "{value} in {redacted}");
        }
        let names = [
            "kind: PLAIN",
            "flag: true",
            "none: null",
            "id: $v",
            "text: \"\"",
            "deep: {text: \"\"}",
            "number: 0",
        ];
        for name in names {
            assert!(redacted.contains(name), "{name} in {redacted}");
        }
    }

    #[test]
    fn redacts_every_kind_of_operation() {
        for document in [
            "{ a(text: \"secret\") }",
            "mutation($v: T = \"secret\") @d(a: \"secret\") { a(text: \"secret\") }",
            "subscription($v: T = \"secret\") @d(a: \"secret\") { a(text: \"secret\") }",
        ] {
            let redacted = redact_literals(parse_operation(document));
            assert!(!redacted.contains("secret"), "{redacted}");
            parse_operation(&redacted);
        }
    }
}
