//! A document without the values that were written into it: people write passwords there. What the document asks for, and by
//! which arguments and input fields, stays.

use hive_router::graphql_tools::static_graphql::query::{
    Definition, Directive, Document, OperationDefinition, Selection, SelectionSet, Value,
    VariableDefinition,
};

/// The text of a document, with empty texts and zeros for its values.
pub(super) fn plain(mut document: Document) -> String {
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
        // They are words of the schema, or say nothing of anybody.
        Value::Variable(_) | Value::Boolean(_) | Value::Null | Value::Enum(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use hive_router::query_planner::utils::parsing::parse_operation;

    use super::*;

    #[test]
    fn no_value_is_left_wherever_it_stands() {
        let secrets = "query Q($v: In = {text: \"secret\", number: 41}) @d(a: \"secret\") {
            a(text: \"secret\", list: [41, [4.1]], kind: PLAIN, flag: true, none: null, id: $v) @d(a: 41) {
                ... on T @d(a: \"secret\") { b(block: \"\"\"secret\"\"\") }
                ...F @d(a: 41)
            }
        }
        fragment F on T @d(a: \"secret\") { c(in: {deep: {text: \"secret\"}}) }";
        let plain = plain(parse_operation(secrets));
        for value in ["secret", "41", "4.1"] {
            assert!(!plain.contains(value), "{value} in {plain}");
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
            assert!(plain.contains(name), "{name} in {plain}");
        }
    }

    #[test]
    fn what_every_kind_of_operation_says_is_taken_out() {
        for document in [
            "{ a(text: \"secret\") }",
            "mutation($v: T = \"secret\") @d(a: \"secret\") { a(text: \"secret\") }",
            "subscription($v: T = \"secret\") @d(a: \"secret\") { a(text: \"secret\") }",
        ] {
            let plain = plain(parse_operation(document));
            assert!(!plain.contains("secret"), "{plain}");
            parse_operation(&plain);
        }
    }
}
