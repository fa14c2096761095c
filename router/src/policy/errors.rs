//! What a client is told of an error.
//!
//! | error | told as |
//! | --- | --- |
//! | of a subgraph, with a code of ours ([`OURS`]) | as it is, less what only means something inside |
//! | of a subgraph, with any other code or none | `INTERNAL`; the message is logged |
//! | a subgraph that does not answer, or not in GraphQL ([`UNAVAILABLE`]) | `SERVICE_UNAVAILABLE` |
//! | a field that a directive keeps from the sender ([`NOT_ALLOWED`]) | `UNAUTHENTICATED` without a token, else `FORBIDDEN` |
//! | a request that cannot be read ([`BAD_REQUEST`]) | 400 `BAD_REQUEST` |
//! | no media type that we could answer in ([`NOT_ACCEPTABLE`]) | 406 `BAD_REQUEST` |
//! | a body beyond the limit ([`TOO_LARGE`]) | 413 `PAYLOAD_TOO_LARGE` |
//! | a token that only the engine refuses ([`BAD_TOKEN`]) | 401 `UNAUTHENTICATED` |
//! | of the document: syntax, a validation rule, a limit ([`OF_THE_DOCUMENT`]) | as it is, with the engine's code |
//! | anything else of the engine | `INTERNAL` |

use common::{auth::unauthenticated, error::Fault};
use hive_router::{
    GraphQLError,
    executor::response::graphql_error::{GraphQLErrorPath, GraphQLErrorPathSegment},
    ntex::http::StatusCode,
    sonic_rs,
};

use super::codes::{
    BAD_REQUEST, BAD_TOKEN, NOT_ACCEPTABLE, NOT_ALLOWED, OF_THE_DOCUMENT, OURS, TOO_LARGE,
    UNAVAILABLE,
};

/// What else of a subgraph's `extensions` is for clients: the input field it is about, and the trace it is logged under.
const PUBLIC_EXTENSIONS: [&str; 3] = ["field", "retryAfter", "traceId"];

/// A subscription that came in a way that has no stream: the engine, which is never asked for one, only says that it has none.
const NO_STREAM: &str = "SUBSCRIPTIONS_NOT_SUPPORTED";
const HOW_TO_SUBSCRIBE: &str = "Subscribe by WebSocket (graphql-transport-ws), or accept text/event-stream or \
                                multipart/mixed;subscriptionSpec=1.0.";

/// Who will read an error.
pub(super) struct Reader<'a> {
    pub(super) is_signed_in: bool,
    pub(super) trace_id: &'a str,
    /// Whether introspection is open to them: if it is not, messages must not do its work.
    pub(super) may_explore: bool,
}

enum Telling {
    AsItIs,
    Unavailable,
    NotAllowed,
    BadRequest,
    NotAcceptable,
    TooLarge,
    BadToken,
    Internal,
}

/// The error and the status of the response as the client gets them.
pub(super) fn tell(
    mut error: GraphQLError,
    status: StatusCode,
    reader: &Reader<'_>,
) -> (GraphQLError, StatusCode) {
    let code = error.extensions.code.take().unwrap_or_default();
    // The engine names the subgraph in every error that came about there; in the answer it would name our insides,
    // and have the engine mask what we decided to tell.
    let subgraph = error.extensions.service_name.take();
    if subgraph.is_none() && code == NO_STREAM {
        HOW_TO_SUBSCRIBE.clone_into(&mut error.message);
    }
    let telling = if subgraph.is_some() {
        of_subgraph(&code)
    } else {
        of_engine(&code)
    };
    if matches!(telling, Telling::Internal) {
        tracing::error!(
            subgraph,
            code,
            withheld = error.message,
            "an error was not told to the client"
        );
    }
    let mut status = status;
    match telling {
        Telling::AsItIs => {
            error.extensions.code = Some(code);
            error
                .extensions
                .extensions
                .retain(|key, _| PUBLIC_EXTENSIONS.contains(&key.as_str()));
            if subgraph.is_some() {
                // Places in the operation that the subgraph was sent, not in the client's.
                error.locations = None;
            } else if !reader.may_explore {
                error
                    .message
                    .truncate(without_suggestion(&error.message).len());
            }
        }
        Telling::Unavailable => becomes_fault(&mut error, &Fault::unavailable(code), reader),
        Telling::Internal => becomes_fault(&mut error, &Fault::internal(code), reader),
        Telling::NotAllowed if reader.is_signed_in => becomes(
            &mut error,
            "FORBIDDEN",
            "Your access token does not allow this.",
        ),
        Telling::NotAllowed => {
            let violation = unauthenticated();
            becomes(&mut error, violation.code, violation.message);
        }
        Telling::BadRequest => {
            error.extensions.code = Some("BAD_REQUEST".to_owned());
            status = StatusCode::BAD_REQUEST;
        }
        Telling::NotAcceptable => {
            let message = "Accept application/json or application/graphql-response+json.";
            becomes(&mut error, "BAD_REQUEST", message);
            status = StatusCode::NOT_ACCEPTABLE;
        }
        Telling::TooLarge => {
            becomes(
                &mut error,
                "PAYLOAD_TOO_LARGE",
                "The body is larger than this server accepts.",
            );
            status = StatusCode::PAYLOAD_TOO_LARGE;
        }
        Telling::BadToken => {
            let violation = unauthenticated();
            becomes(&mut error, violation.code, violation.message);
            status = StatusCode::UNAUTHORIZED;
        }
    }
    if error.path.as_ref().is_some_and(is_of_entities) {
        error.path = None;
    }
    if error.path.is_some() {
        // Says the same less well.
        error.extensions.affected_path = None;
    }
    (error, status)
}

/// A path within the request for entities, which no client made. The engine translates it if it has the entity's place in
/// the list; async-graphql 7.2.1 leaves that out.
fn is_of_entities(path: &GraphQLErrorPath) -> bool {
    matches!(path.segments.first(), Some(GraphQLErrorPathSegment::String(name)) if name == "_entities")
}

fn of_subgraph(code: &str) -> Telling {
    if OURS.contains(&code) {
        Telling::AsItIs
    } else if UNAVAILABLE.contains(&code) {
        Telling::Unavailable
    } else {
        Telling::Internal
    }
}

fn of_engine(code: &str) -> Telling {
    let groups = [
        (OF_THE_DOCUMENT, Telling::AsItIs),
        (UNAVAILABLE, Telling::Unavailable),
        (NOT_ALLOWED, Telling::NotAllowed),
        (BAD_REQUEST, Telling::BadRequest),
        (NOT_ACCEPTABLE, Telling::NotAcceptable),
        (TOO_LARGE, Telling::TooLarge),
        (BAD_TOKEN, Telling::BadToken),
    ];
    groups
        .into_iter()
        .find_map(|(codes, telling)| codes.contains(&code).then_some(telling))
        .unwrap_or(Telling::Internal)
}

fn becomes(error: &mut GraphQLError, code: &str, message: impl Into<String>) {
    error.message = message.into();
    error.locations = None;
    error.extensions.code = Some(code.to_owned());
    error.extensions.extensions.clear();
}

fn becomes_fault(error: &mut GraphQLError, fault: &Fault, reader: &Reader<'_>) {
    becomes(error, fault.code(), fault.public_message());
    error
        .extensions
        .set("traceId".to_owned(), sonic_rs::Value::from(reader.trace_id));
}

/// The message without names that its reader did not name.
pub(crate) fn without_suggestion(message: &str) -> &str {
    message.split(" Did you mean").next().unwrap_or(message)
}

#[cfg(test)]
#[path = "errors_tests.rs"]
mod tests;
