//! Parameters in the path and in the query.

use axum::{
    extract::{FromRequestParts, Path},
    http::request::Parts,
};
use serde::de::DeserializeOwned;

use super::named;
use crate::error::{Class, NOT_FOUND, Violation};

/// The one parameter of a path, as it was written: what is no id is nothing's, and the application says so.
pub struct Id(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Violation;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Violation> {
        // It fails where the path is no UTF-8 once decoded.
        let Path(id) = Path::from_request_parts(parts, state)
            .await
            .map_err(|_rejection| {
                let message = "There is nothing at this path.";
                Violation::new(Class::NotFound, NOT_FOUND, message)
            })?;
        Ok(Self(id))
    }
}

/// Parameters of the query. Those that a route does not know are left alone.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Violation;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Violation> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, Violation> {
    let pairs = serde_urlencoded::Deserializer::new(form_urlencoded::parse(query.as_bytes()));
    serde_path_to_error::deserialize(pairs).map_err(|error| {
        let path = error.path().to_string();
        let text = error.into_inner().to_string();
        if let Some(field) = named(&text, "missing field `") {
            let message = format!("The parameter `{field}` is missing.");
            Violation::invalid_field(field, "REQUIRED", message)
        } else if let Some(field) = named(&text, "duplicate field `") {
            let message = format!("The parameter `{field}` is given more than once.");
            Violation::invalid_field(field, "DUPLICATE", message)
        } else {
            // The only parameters that are not text are numbers.
            let message = format!(
                "The parameter `{path}` must be a whole number, at most {}.",
                u32::MAX
            );
            Violation::invalid_field(path, "MALFORMED", message)
        }
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Parameters {
        name: String,
        count: Option<u32>,
    }

    #[test]
    fn a_parameter_that_is_wrong_is_named() {
        for (query, field, code) in [
            ("", "name", "REQUIRED"),
            ("name=a&name=b", "name", "DUPLICATE"),
            ("name=a&count=x", "count", "MALFORMED"),
            ("name=a&count=-1", "count", "MALFORMED"),
        ] {
            let violation = parse::<Parameters>(query).unwrap_err();
            let detail = &violation.details[0];
            assert_eq!((&*detail.field, detail.code), (field, code), "{query}");
        }
    }

    #[test]
    fn what_a_route_does_not_know_is_left_alone() {
        let parameters: Parameters = parse("utm=1&name=a%20b&count=7").unwrap();
        assert_eq!(
            (parameters.name.as_str(), parameters.count),
            ("a b", Some(7))
        );
    }
}
