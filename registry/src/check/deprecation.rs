//! What is deprecated, and why.

use apollo_compiler::Schema;
use apollo_compiler::ast::DirectiveList;
use apollo_compiler::coordinate::{SchemaCoordinate, SchemaCoordinateLookup};

/// What GraphQL takes for a reason when none is given.
pub const NO_REASON: &str = "No longer supported";

/// Why an element with these directives is deprecated, if it is.
pub fn reason(directives: &DirectiveList) -> Option<&str> {
    let deprecated = directives.get("deprecated")?;
    let reason = deprecated.specified_argument_by_name("reason");
    Some(reason.and_then(|value| value.as_str()).unwrap_or(NO_REASON))
}

/// The same of a coordinate.
pub fn reason_at<'a>(schema: &'a Schema, coordinate: &str) -> Option<&'a str> {
    let coordinate: SchemaCoordinate = coordinate.parse().ok()?;
    reason(match coordinate.lookup(schema).ok()? {
        SchemaCoordinateLookup::Field(it) => &it.directives,
        SchemaCoordinateLookup::InputField(it) => &it.directives,
        SchemaCoordinateLookup::EnumValue(it) => &it.directives,
        SchemaCoordinateLookup::Argument(it) => &it.directives,
        // Types and directives cannot be deprecated.
        _ => return None,
    })
}
