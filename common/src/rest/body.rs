//! JSON bodies. Text that is no JSON is 400; JSON that is not what the route takes is 422 and names the field.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request, rejection::BytesRejection},
    http::{HeaderMap, StatusCode, header},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, error::Category};

use super::named;
use crate::{
    error::{BAD_REQUEST, Class, PAYLOAD_TOO_LARGE, Violation},
    server::MAX_BODY_BYTES,
};

/// A body that has to be there.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Violation;

    async fn from_request(request: Request, state: &S) -> Result<Self, Violation> {
        let is_json = is_json(request.headers());
        // Read in any case: a body that is too large is said to be too large, whatever it is.
        let body = read(request, state).await?;
        if !is_json {
            return Err(bad("The content type must be application/json."));
        }
        parse(&body).map(Self)
    }
}

/// A body that may be left out, with its content type, or be null.
pub struct OptionalJson<T>(pub Option<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = Violation;

    async fn from_request(request: Request, state: &S) -> Result<Self, Violation> {
        let is_json = is_json(request.headers());
        let body = read(request, state).await?;
        if body.is_empty() {
            return Ok(Self(None));
        }
        if !is_json {
            return Err(bad("The content type must be application/json."));
        }
        parse(&body).map(Self)
    }
}

async fn read<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, Violation> {
    Bytes::from_request(request, state)
        .await
        .map_err(|rejection| unread(&rejection))
}

/// Why a body could not be read to its end.
fn unread(rejection: &BytesRejection) -> Violation {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Violation::new(
            Class::TooLarge,
            PAYLOAD_TOO_LARGE,
            format!("The body may have {MAX_BODY_BYTES} bytes at most."),
        ),
        _ => bad("The body ended early."),
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

fn bad(message: impl Into<String>) -> Violation {
    Violation::new(Class::BadRequest, BAD_REQUEST, message)
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Violation> {
    // The library would take an array for an object with its members in order.
    if body.trim_ascii_start().first() == Some(&b'[') {
        return Err(no_object());
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    let parsed = serde_path_to_error::deserialize(&mut json);
    let value = parsed.map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        match error.classify() {
            Category::Data => wrong_shape(&path, &error),
            // A choice that is given as an object is called a mistake in the syntax as well.
            Category::Syntax if serde_json::from_slice::<Value>(body).is_ok() => {
                wrong_shape(&path, &error)
            }
            Category::Io | Category::Syntax | Category::Eof => unparseable(&error),
        }
    })?;
    json.end().map_err(|error| unparseable(&error))?;
    Ok(value)
}

fn unparseable(error: &serde_json::Error) -> Violation {
    bad(format!(
        "The body is not JSON; there is a mistake in line {}, column {}.",
        error.line(),
        error.column()
    ))
}

/// JSON, but not what the route takes. The words of the library name types and fields, and never a value of the body: a
/// password of the wrong type would be among them.
fn wrong_shape(path: &str, error: &serde_json::Error) -> Violation {
    let text = error.to_string();
    let (field, code, message) = if let Some(field) = named(&text, "missing field `") {
        let message = format!("`{field}` is missing.");
        (field, "REQUIRED", message)
    } else if let Some(field) = named(&text, "unknown field `") {
        let known = text.split_once("`, expected ").map(|(_, known)| known);
        let known = known.and_then(|known| known.rsplit_once(" at line ").map(|(known, _)| known));
        let message = match known {
            Some(known) => format!("This is no field of the body; expected {known}."),
            None => "This is no field of the body.".to_owned(),
        };
        (field, "UNKNOWN_FIELD", message)
    } else if let Some(field) = named(&text, "duplicate field `") {
        let message = format!("`{field}` is given more than once.");
        (field, "DUPLICATE", message)
    } else {
        let expected = text
            .rsplit_once(", expected ")
            .map(|(_, expected)| expected);
        let expected =
            expected.and_then(|expected| expected.rsplit_once(" at line ").map(|(e, _)| e));
        if path == "." {
            return no_object();
        }
        let message = match expected {
            Some(expected) => format!("`{path}` is of the wrong type; expected {expected}."),
            None => format!("`{path}` is of the wrong type."),
        };
        (path.to_owned(), "WRONG_TYPE", message)
    };
    Violation::invalid_field(field, code, message)
}

fn no_object() -> Violation {
    Violation::invalid_field("body", "WRONG_TYPE", "The body must be a JSON object.")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Input {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        text: String,
        #[expect(dead_code, reason = "only whether it can be read matters")]
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    struct Inner {
        #[expect(dead_code, reason = "only whether it can be read matters")]
        count: u32,
    }

    fn refused(body: &str) -> Violation {
        parse::<Input>(body.as_bytes()).unwrap_err()
    }

    #[test]
    fn what_is_no_json_is_a_bad_request() {
        for body in [
            "",
            "{",
            "{\"text\"",
            "text=1",
            "{\"text\":\"a\"} x",
            "\"\\ud800\"",
        ] {
            assert_eq!(refused(body).code, "BAD_REQUEST", "{body}");
        }
    }

    #[test]
    fn json_of_another_shape_names_the_field() {
        for (body, field, code, says) in [
            ("{}", "text", "REQUIRED", "`text` is missing."),
            (
                "{\"text\":7}",
                "text",
                "WRONG_TYPE",
                "`text` is of the wrong type; expected a string.",
            ),
            ("{\"text\":null}", "text", "WRONG_TYPE", "expected a string"),
            ("[\"a\"]", "body", "WRONG_TYPE", "must be a JSON object"),
            ("7", "body", "WRONG_TYPE", "must be a JSON object"),
            (
                "{\"text\":\"a\",\"inner\":{\"count\":-1}}",
                "inner.count",
                "WRONG_TYPE",
                "expected u32",
            ),
            (
                "{\"text\":\"a\",\"texts\":1}",
                "texts",
                "UNKNOWN_FIELD",
                "expected `text` or `inner`.",
            ),
            (
                "{\"text\":\"a\",\"text\":\"b\"}",
                "text",
                "DUPLICATE",
                "more than once",
            ),
        ] {
            let violation = refused(body);
            let detail = &violation.details[0];
            assert_eq!((&*detail.field, detail.code), (field, code), "{body}");
            assert!(detail.message.contains(says), "{body}: {}", detail.message);
        }
    }

    #[test]
    fn a_choice_that_is_no_text_is_of_the_wrong_type() {
        #[derive(Debug, Deserialize)]
        #[serde(rename_all = "lowercase")]
        enum Choice {
            One,
        }
        #[derive(Debug, Deserialize)]
        struct Chosen {
            #[expect(dead_code, reason = "only whether it can be read matters")]
            choice: Choice,
        }
        assert!(matches!(serde_json::from_str("\"one\""), Ok(Choice::One)));
        for value in ["{}", "[]", "7", "null", "true", "\"two\"", "{\"one\":null}"] {
            let body = format!("{{\"choice\":{value}}}");
            let violation = match parse::<Chosen>(body.as_bytes()) {
                Err(violation) => violation,
                // serde takes a choice in its long form too.
                Ok(_) if value.contains("one") => continue,
                Ok(other) => panic!("{other:?}"),
            };
            let detail = &violation.details[0];
            assert_eq!(
                (&*detail.field, detail.code),
                ("choice", "WRONG_TYPE"),
                "{value}"
            );
        }
    }

    #[test]
    fn a_value_of_the_body_is_never_repeated() {
        #[derive(Debug, Deserialize)]
        struct Secret {
            #[expect(dead_code, reason = "only whether it can be read matters")]
            password: u8,
        }
        let violation = parse::<Secret>(b"{\"password\":\"hunter2\"}").unwrap_err();
        assert!(!format!("{violation:?}").contains("hunter2"));
    }
}
