//! Errors as GraphQL shows them.

use async_graphql::{ErrorExtensionValues, SimpleObject};

use crate::{
    error::{Error, Violation},
    trace,
};

/// A rule that the input breaks, for the client to act on.
#[derive(Clone, Debug, PartialEq, Eq, SimpleObject)]
#[graphql(shareable)]
pub struct UserError {
    /// One of the documented error codes, such as `POST_TEXT_TOO_LONG`.
    pub code: String,
    /// What is wrong and what would be right.
    pub message: String,
    /// The input field it is about, if it is about one.
    pub field: Option<String>,
}

impl UserError {
    fn all(violation: Violation) -> Vec<Self> {
        let Violation {
            code,
            message,
            field,
            details,
            ..
        } = violation;
        if details.is_empty() {
            return vec![Self {
                code: code.to_owned(),
                message,
                field: field.map(camel_case),
            }];
        }
        details
            .into_iter()
            .map(|detail| Self {
                code: code.to_owned(),
                message: detail.message,
                field: Some(camel_case(&detail.field)),
            })
            .collect()
    }
}

/// Fields are named as in REST everywhere but here.
fn camel_case(name: &str) -> String {
    let mut upper = false;
    name.chars()
        .filter_map(|c| {
            let this = if upper { c.to_ascii_uppercase() } else { c };
            upper = c == '_';
            (!upper).then_some(this)
        })
        .collect()
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let (code, message) = match &error {
            Error::Violation(violation) => (violation.code, violation.message.clone()),
            Error::Fault(fault) => {
                fault.log();
                (fault.code(), fault.public_message().to_owned())
            }
        };
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code);
        if let Error::Violation(Violation {
            retry_after: Some(seconds),
            ..
        }) = &error
        {
            extensions.set("retryAfter", *seconds);
        }
        if matches!(error, Error::Fault(_)) {
            extensions.set("traceId", trace::current_id());
        }
        let mut graphql = Self::new(message);
        graphql.extensions = Some(extensions);
        graphql
    }
}

/// The outcome of a mutation: done, or refused with what the payload's `userErrors` say; an error when neither the
/// input nor the client can mend it.
pub fn payload<T>(
    result: Result<T, impl Into<Error>>,
) -> async_graphql::Result<Result<T, Vec<UserError>>> {
    match result.map_err(Into::into) {
        Ok(done) => Ok(Ok(done)),
        Err(Error::Violation(violation)) if !violation.class.is_access() => {
            Ok(Err(UserError::all(violation)))
        }
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::{BAD_REQUEST, Class, Detail, Fault};

    #[test]
    fn every_invalid_field_is_a_user_error_in_the_spelling_of_the_schema() {
        let details = vec![
            Detail {
                field: "display_name".into(),
                code: "TOO_LONG",
                message: "a".to_owned(),
            },
            Detail {
                field: "password".into(),
                code: "TOO_SHORT",
                message: "b".to_owned(),
            },
        ];
        let errors = payload::<()>(Err(Error::from(Violation::invalid(details))))
            .unwrap()
            .unwrap_err();
        let seen: Vec<_> = errors
            .iter()
            .map(|e| (e.code.as_str(), e.field.as_deref()))
            .collect();
        assert_eq!(
            seen,
            [
                ("VALIDATION_FAILED", Some("displayName")),
                ("VALIDATION_FAILED", Some("password"))
            ]
        );
    }

    #[test]
    fn authorization_is_a_top_level_error_with_its_code() {
        let violation = Violation::new(Class::Forbidden, BAD_REQUEST, "no");
        let error = payload::<()>(Err(Error::from(violation))).unwrap_err();
        assert_eq!(
            error.extensions.unwrap().get("code"),
            Some(&"BAD_REQUEST".into())
        );
    }

    #[test]
    fn the_cause_of_a_fault_is_not_told() {
        let error = payload::<()>(Err(Error::from(Fault::internal(
            "relation \"secret\" does not exist",
        ))))
        .unwrap_err();
        assert!(!format!("{error:?}").contains("secret"));
        assert_eq!(
            error.extensions.unwrap().get("code"),
            Some(&"INTERNAL".into())
        );
    }
}
