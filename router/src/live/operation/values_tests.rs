use hive_router::{
    graphql_tools::static_graphql::query::{Definition, OperationDefinition, Selection},
    query_planner::utils::parsing::{parse_operation, parse_schema},
};

use super::*;

const SCHEMA: &str = "
    type Query { a: Int }
    type Subscription {
        f(id: ID, int: Int, float: Float, text: String, truth: Boolean = true, kind: Kind, list: [Int!], where: Where, any: Any, must: ID! = 7): Int
    }
    enum Kind { NEW OLD }
    input Where { must: Int!, may: String = \"x\", deep: Where }
    scalar Any
";

/// The arguments of the only field of an operation with these variables.
fn of(operation: &str, given: &Json) -> Result<Json, String> {
    let (schema, document) = (parse_schema(SCHEMA), parse_operation(operation));
    let Some(Definition::Operation(OperationDefinition::Subscription(subscription))) =
        document.definitions.first()
    else {
        panic!("no subscription");
    };
    let Some(Selection::Field(field)) = subscription.selection_set.items.first() else {
        panic!("no field");
    };
    let definition = schema.subscription_type().unwrap();
    let definition = definition.fields.first().unwrap();
    let given = given.as_object().unwrap();
    variables(&schema, &subscription.variable_definitions, given)
        .and_then(|variables| {
            arguments(&schema, &definition.arguments, &field.arguments, &variables)
        })
        .map(|arguments| json!(arguments))
        .map_err(|problem| problem.errors[0]["message"].as_str().unwrap().to_owned())
}

#[test]
fn what_is_written_or_given_is_a_value_of_its_type() {
    let operation = "subscription($i: Int, $w: Where) {
        f(id: 3, int: $i, float: 1, text: \"t\", truth: false, kind: OLD, list: 5, where: $w, any: { a: [1.5, null] }, must: \"m\")
    }";
    let given = json!({ "i": 4, "w": { "must": 1, "deep": { "must": 2, "may": null } } });
    let expected = json!({
        "id": "3", "int": 4, "float": 1, "text": "t", "truth": false, "kind": "OLD", "list": [5],
        "where": { "must": 1, "may": "x", "deep": { "must": 2, "may": null } },
        "any": { "a": [1.5, null] }, "must": "m",
    });
    assert_eq!(of(operation, &given), Ok(expected));
}

#[test]
fn what_is_left_out_has_its_default_or_no_value() {
    let defaults = json!({ "truth": true, "must": "7" });
    assert_eq!(of("subscription { f }", &json!({})), Ok(defaults.clone()));
    let unset = "subscription($a: Int, $m: ID) { f(int: $a, must: $m) }";
    assert_eq!(of(unset, &json!({ "other": 1 })), Ok(defaults));
    let own = "subscription($a: Int = 9) { f(int: $a) }";
    assert_eq!(of(own, &json!({})).unwrap()["int"], 9);
    assert_eq!(of(own, &json!({ "a": null })).unwrap()["int"], Json::Null);
}

#[test]
fn what_is_wrong_is_named() {
    for (operation, given, expected) in [
        (
            "subscription($a: Int) { f(int: $a) }",
            json!({ "a": "x" }),
            "The variable $a must be of type Int.",
        ),
        (
            "subscription($a: Int) { f(int: $a) }",
            json!({ "a": 3_000_000_000_u32 }),
            "The variable $a must be of type Int.",
        ),
        (
            "subscription($a: Int!) { f(int: $a) }",
            json!({}),
            "The variable $a is required.",
        ),
        (
            "subscription($a: Int!) { f(int: $a) }",
            json!({ "a": null }),
            "The variable $a may not be null.",
        ),
        (
            "subscription($a: Kind) { f(kind: $a) }",
            json!({ "a": "FOO" }),
            "The variable $a must be of type Kind.",
        ),
        (
            "subscription($a: ID) { f(id: $a) }",
            json!({ "a": [] }),
            "The variable $a must be of type ID.",
        ),
        (
            "subscription($a: Where) { f(where: $a) }",
            json!({ "a": {} }),
            "The variable $a needs the field must.",
        ),
        (
            "subscription($a: Where) { f(where: $a) }",
            json!({ "a": { "must": 1, "b": 1 } }),
            "The variable $a has a field \"b\", which Where has not.",
        ),
        (
            "subscription($m: ID) { f(must: $m) }",
            json!({ "m": null }),
            "The argument must may not be null.",
        ),
    ] {
        assert_eq!(
            of(operation, &given),
            Err(expected.to_owned()),
            "{operation} {given}"
        );
    }
}
