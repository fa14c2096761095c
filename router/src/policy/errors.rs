//! Maps errors of the engine and the subgraphs to errors for clients.
//!
//! | error | the client receives |
//! | --- | --- |
//! | of a subgraph, with a code of the services ([`is_service_code`]) | the error, without internal extensions |
//! | of a subgraph, with another code or none | `INTERNAL`; the message is logged |
//! | no GraphQL response from a subgraph ([`UNAVAILABLE`]) | `SERVICE_UNAVAILABLE` |
//! | a field that an authorization directive withholds ([`NOT_ALLOWED`]) | `UNAUTHENTICATED` without a token, else `FORBIDDEN` |
//! | an unreadable request ([`BAD_REQUEST`]) | 400 `BAD_REQUEST` |
//! | no acceptable media type ([`NOT_ACCEPTABLE`]) | 406 `BAD_REQUEST` |
//! | a body above the limit ([`TOO_LARGE`]) | 413 `PAYLOAD_TOO_LARGE` |
//! | a token that only the engine refuses ([`BAD_TOKEN`]) | 401 `UNAUTHENTICATED` |
//! | of the document: syntax, a validation rule, a limit ([`OF_THE_DOCUMENT`]) | the error, with the engine's code |
//! | anything else of the engine | `INTERNAL` |

use common::{auth::unauthenticated, error::Fault};
use hive_router::{
    GraphQLError,
    executor::response::graphql_error::{GraphQLErrorPath, GraphQLErrorPathSegment},
    ntex::http::StatusCode,
    sonic_rs,
};

use super::codes::{
    BAD_REQUEST, BAD_TOKEN, NOT_ACCEPTABLE, NOT_ALLOWED, OF_THE_DOCUMENT, TOO_LARGE, UNAVAILABLE,
    is_service_code,
};

use crate::graphql::without_suggestion;

/// Extensions of a subgraph that clients receive besides the code.
const PUBLIC_EXTENSIONS: [&str; 3] = ["field", "retryAfter", "traceId"];

/// The engine's code for a subscription over a transport without streams.
const NO_STREAM: &str = "SUBSCRIPTIONS_NOT_SUPPORTED";
const HOW_TO_SUBSCRIBE: &str = "Subscribe by WebSocket (graphql-transport-ws), or accept text/event-stream or \
                                multipart/mixed;subscriptionSpec=1.0.";

/// The recipient of an error.
pub(super) struct Recipient<'a> {
    pub(super) is_signed_in: bool,
    pub(super) trace_id: &'a str,
    /// Whether messages may name parts of the schema that the client did not.
    pub(super) introspection: bool,
}

enum Disclosure {
    AsItIs,
    Unavailable,
    NotAllowed,
    BadRequest,
    NotAcceptable,
    TooLarge,
    BadToken,
    Internal,
}

/// The error and the response status for the client.
pub(super) fn disclose(
    mut error: GraphQLError,
    status: StatusCode,
    recipient: &Recipient<'_>,
) -> (GraphQLError, StatusCode) {
    let code = error.extensions.code.take().unwrap_or_default();
    // The engine names the subgraph in its errors. In the response that would disclose internals, and the engine would mask the
    // error again.
    let subgraph = error.extensions.service_name.take();
    if subgraph.is_none() && code == NO_STREAM {
        HOW_TO_SUBSCRIBE.clone_into(&mut error.message);
    }
    let disclosure = if subgraph.is_some() {
        of_subgraph(&code)
    } else {
        of_engine(&code)
    };
    if matches!(disclosure, Disclosure::Internal) {
        tracing::error!(
            subgraph,
            code,
            withheld = error.message,
            "an error was withheld from the client"
        );
    }
    let mut status = status;
    match disclosure {
        Disclosure::AsItIs => {
            error.extensions.code = Some(code);
            error
                .extensions
                .extensions
                .retain(|key, _| PUBLIC_EXTENSIONS.contains(&key.as_str()));
            if subgraph.is_some() {
                // Locations in the operation of the subgraph, not in the client's.
                error.locations = None;
            } else if !recipient.introspection {
                error
                    .message
                    .truncate(without_suggestion(&error.message).len());
            }
        }
        Disclosure::Unavailable => becomes_fault(&mut error, &Fault::unavailable(code), recipient),
        Disclosure::Internal => becomes_fault(&mut error, &Fault::internal(code), recipient),
        Disclosure::NotAllowed if recipient.is_signed_in => becomes(
            &mut error,
            "FORBIDDEN",
            "Your access token does not allow this.",
        ),
        Disclosure::NotAllowed => {
            let violation = unauthenticated();
            becomes(&mut error, violation.code, violation.message);
        }
        Disclosure::BadRequest => {
            error.extensions.code = Some("BAD_REQUEST".to_owned());
            status = StatusCode::BAD_REQUEST;
        }
        Disclosure::NotAcceptable => {
            let message = "Accept application/json or application/graphql-response+json.";
            becomes(&mut error, "BAD_REQUEST", message);
            status = StatusCode::NOT_ACCEPTABLE;
        }
        Disclosure::TooLarge => {
            becomes(
                &mut error,
                "PAYLOAD_TOO_LARGE",
                "The body is larger than this server accepts.",
            );
            status = StatusCode::PAYLOAD_TOO_LARGE;
        }
        Disclosure::BadToken => {
            let violation = unauthenticated();
            becomes(&mut error, violation.code, violation.message);
            status = StatusCode::UNAUTHORIZED;
        }
    }
    if error.path.as_ref().is_some_and(is_of_entities) {
        error.path = None;
    }
    if error.path.is_some() {
        // Redundant beside the path.
        error.extensions.affected_path = None;
    }
    (error, status)
}

/// Whether a path refers to the `_entities` field, which no client queried. The engine translates such a path only if it
/// contains the list index, which async-graphql 7.2.1 omits.
fn is_of_entities(path: &GraphQLErrorPath) -> bool {
    matches!(path.segments.first(), Some(GraphQLErrorPathSegment::String(name)) if name == "_entities")
}

fn of_subgraph(code: &str) -> Disclosure {
    if is_service_code(code) {
        Disclosure::AsItIs
    } else if UNAVAILABLE.contains(&code) {
        Disclosure::Unavailable
    } else {
        Disclosure::Internal
    }
}

fn of_engine(code: &str) -> Disclosure {
    let groups = [
        (OF_THE_DOCUMENT, Disclosure::AsItIs),
        (UNAVAILABLE, Disclosure::Unavailable),
        (NOT_ALLOWED, Disclosure::NotAllowed),
        (BAD_REQUEST, Disclosure::BadRequest),
        (NOT_ACCEPTABLE, Disclosure::NotAcceptable),
        (TOO_LARGE, Disclosure::TooLarge),
        (BAD_TOKEN, Disclosure::BadToken),
    ];
    groups
        .into_iter()
        .find_map(|(codes, disclosure)| codes.contains(&code).then_some(disclosure))
        .unwrap_or(Disclosure::Internal)
}

fn becomes(error: &mut GraphQLError, code: &str, message: impl Into<String>) {
    error.message = message.into();
    error.locations = None;
    error.extensions.code = Some(code.to_owned());
    error.extensions.extensions.clear();
}

fn becomes_fault(error: &mut GraphQLError, fault: &Fault, recipient: &Recipient<'_>) {
    becomes(error, fault.code(), fault.public_message());
    error.extensions.set(
        "traceId".to_owned(),
        sonic_rs::Value::from(recipient.trace_id),
    );
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
