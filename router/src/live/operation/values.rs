//! Coerces variables and arguments by the GraphQL specification (6.1.2 and 6.4.1), to JSON. The engine never sees the
//! arguments of a subscription, because they go to its service over the relay connection.

use std::collections::BTreeMap;

use hive_router::graphql_tools::{
    parser::query::{Type, Value},
    static_graphql::{
        query::VariableDefinition,
        schema::{Document, InputObjectType, InputValue, TypeDefinition},
    },
};
use serde_json::{Map, Value as Json, json};

use crate::request::ClientError;

/// Coerces the variables of an operation: given values, or defaults.
pub(super) fn variables(
    schema: &Document,
    definitions: &[VariableDefinition],
    given: &Map<String, Json>,
) -> Result<Map<String, Json>, ClientError> {
    let mut values = Map::new();
    for VariableDefinition {
        name,
        var_type,
        default_value,
        ..
    } in definitions
    {
        let value = match given.get(name) {
            Some(value) => Some(value.clone()),
            None => default_value
                .as_ref()
                .and_then(|value| literal(value, &Map::new())),
        };
        let wrong = |why: String| {
            ClientError::bad_request("BAD_USER_INPUT", format!("The variable ${name} {why}."))
        };
        match value {
            Some(value) => {
                let value = coerce(schema, var_type, &value).map_err(wrong)?;
                values.insert(name.clone(), value);
            }
            None if var_type.is_non_null() => return Err(wrong("is required".to_owned())),
            None => {}
        }
    }
    Ok(values)
}

/// Coerces the arguments of a field: written values, or defaults.
pub(super) fn arguments(
    schema: &Document,
    definitions: &[InputValue],
    written: &[(String, Value<'static, String>)],
    variables: &Map<String, Json>,
) -> Result<BTreeMap<String, Json>, ClientError> {
    let mut values = BTreeMap::new();
    for definition in definitions {
        let name = &definition.name;
        let value = written
            .iter()
            .find(|(argument, _)| argument == name)
            .and_then(|(_, value)| literal(value, variables))
            .or_else(|| default(definition));
        let wrong = |why: String| {
            ClientError::bad_request("BAD_USER_INPUT", format!("The argument {name} {why}."))
        };
        match value {
            Some(value) => {
                let value = coerce(schema, &definition.value_type, &value).map_err(wrong)?;
                values.insert(name.clone(), value);
            }
            None if definition.value_type.is_non_null() => {
                return Err(wrong("is required".to_owned()));
            }
            None => {}
        }
    }
    Ok(values)
}

fn default(definition: &InputValue) -> Option<Json> {
    let value = definition.default_value.as_ref()?;
    literal(value, &Map::new())
}

/// A literal as JSON; `None` for a variable without a value.
fn literal(value: &Value<'static, String>, variables: &Map<String, Json>) -> Option<Json> {
    Some(match value {
        Value::Variable(name) => variables.get(name)?.clone(),
        Value::Int(number) => json!(number.as_i64()),
        Value::Float(number) => json!(number),
        Value::String(text) | Value::Enum(text) => json!(text),
        Value::Boolean(truth) => json!(truth),
        Value::Null => Json::Null,
        Value::List(items) => items
            .iter()
            .map(|item| literal(item, variables).unwrap_or(Json::Null))
            .collect(),
        Value::Object(fields) => fields
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), literal(value, variables)?)))
            .collect(),
    })
}

/// Coerces a value to its type. The error completes a sentence.
fn coerce(schema: &Document, of: &Type<'static, String>, value: &Json) -> Result<Json, String> {
    match (of, value) {
        (Type::NonNullType(_), Json::Null) => Err("may not be null".to_owned()),
        (Type::NonNullType(inner), value) => coerce(schema, inner, value),
        (_, Json::Null) => Ok(Json::Null),
        (Type::ListType(inner), Json::Array(items)) => items
            .iter()
            .map(|item| coerce(schema, inner, item))
            .collect(),
        (Type::ListType(inner), value) => Ok(json!([coerce(schema, inner, value)?])),
        (Type::NamedType(name), value) => coerce_named(schema, name, value),
    }
}

fn coerce_named(schema: &Document, name: &str, value: &Json) -> Result<Json, String> {
    let is_right = match name {
        "Int" => value.as_i64().is_some_and(|int| i32::try_from(int).is_ok()),
        "Float" => value.is_number(),
        "String" => value.is_string(),
        "Boolean" => value.is_boolean(),
        "ID" => {
            if let Some(number) = value.as_i64() {
                return Ok(json!(number.to_string()));
            }
            value.is_string()
        }
        _ => match schema.type_by_name(name) {
            Some(TypeDefinition::InputObject(input)) => return object(schema, input, value),
            Some(TypeDefinition::Enum(variants)) => value
                .as_str()
                .is_some_and(|text| variants.values.iter().any(|value| value.name == text)),
            // The service validates custom scalars.
            _ => true,
        },
    };
    if is_right {
        Ok(value.clone())
    } else {
        Err(format!("must be of type {name}"))
    }
}

fn object(schema: &Document, input: &InputObjectType, value: &Json) -> Result<Json, String> {
    let Json::Object(given) = value else {
        return Err(format!("must be of type {}", input.name));
    };
    let known = |name: &String| input.fields.iter().any(|field| field.name == *name);
    if let Some(unknown) = given.keys().find(|name| !known(name)) {
        return Err(format!(
            "has a field {unknown:?}, which {} has not",
            input.name
        ));
    }
    let mut values = Map::new();
    for field in &input.fields {
        match given.get(&field.name).cloned().or_else(|| default(field)) {
            Some(value) => {
                let value = coerce(schema, &field.value_type, &value)?;
                values.insert(field.name.clone(), value);
            }
            None if field.value_type.is_non_null() => {
                return Err(format!("needs the field {}", field.name));
            }
            None => {}
        }
    }
    Ok(values.into())
}

#[cfg(test)]
#[path = "values_tests.rs"]
mod tests;
