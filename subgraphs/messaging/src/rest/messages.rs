//! Sending and reading messages.

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use common::{
    error::{Error, ErrorEnvelope, Violation},
    respond::json,
    rest::{BodyErrors, Faults, Id, Json, NotSignedIn, PageBody, PageQuery, Query, SignedIn},
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::message::Message;
use crate::{
    app::{App, MESSAGES, SendMessage, place_of_message},
    domain::UserId,
};

const PAGE_SIZE: u32 = 50;
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Makes sending safe to repeat.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "it describes what the handler reads")]
struct IdempotencyKey {
    /// 1 to 255 visible ASCII characters, such as a UUID, chosen anew for each message. Sending the same again under the
    /// same key answers the first message and stores no other.
    #[param(
        rename = "Idempotency-Key",
        nullable = false,
        min_length = 1,
        max_length = 255,
        pattern = "^[!-~]+$"
    )]
    idempotency_key: Option<String>,
}

/// What to send.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MessageInput {
    /// 1 to 4,000 characters (Unicode scalar values) after trimming. `@username` mentions somebody.
    #[schema(
        max_length = 4000,
        example = "Hello @ada",
        pattern = r"^[^\u0000]*[^\u0000\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000][^\u0000]*$"
    )]
    text: String,
}

/// Sends a message
///
/// It is stored durably when this is answered. A handle in it that nobody has, or that cannot be looked up now, mentions
/// nobody and does not keep the message from being sent.
#[utoipa::path(
    post, path = "/conversations/{id}/messages", tag = "messages", operation_id = "sendMessage",
    security(("bearer" = [])),
    params(
        ("id" = uuid::Uuid, Path, description = "The conversation."),
        IdempotencyKey,
    ),
    request_body = MessageInput,
    responses(
        (status = 201, description = "The message.", body = Message, links(
            ("listMessages" = (operation_id = "listMessages", parameters(("id" = "$response.body#/conversation_id")))),
            ("markConversationRead" = (
                operation_id = "markConversationRead",
                parameters(("id" = "$response.body#/conversation_id")),
            )),
        )),
        (status = 403, description = "`NOT_A_PARTICIPANT`; `FORBIDDEN`: one of the two blocks the other.", body = ErrorEnvelope),
        (status = 404, description = "`CONVERSATION_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        (status = 422, description = "`MESSAGE_TEXT_REQUIRED`, `MESSAGE_TEXT_TOO_LONG`, `VALIDATION_FAILED`: also for a key \
                                      that was used for another text.", body = ErrorEnvelope),
        NotSignedIn, BodyErrors, Faults,
    ),
)]
pub(super) async fn send(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
    headers: HeaderMap,
    Json(input): Json<MessageInput>,
) -> Result<Response, Error> {
    let key = headers
        .get(IDEMPOTENCY_KEY)
        // What is no text is no key either, and the application says so.
        .map(|value| value.to_str().unwrap_or_default().to_owned());
    let request = SendMessage {
        conversation_id: Some(id),
        recipient_id: None,
        text: input.text,
        idempotency_key: key,
    };
    let message = app
        .send_message(&viewer, request)
        .await
        .map_err(|error| Error::from(error).renaming("idempotency_key", "Idempotency-Key"))?;
    Ok(json(StatusCode::CREATED, &Message::from(message)))
}

/// The messages of a conversation
///
/// Oldest first. None is ever inserted before one that was shown already.
#[utoipa::path(
    get, path = "/conversations/{id}/messages", tag = "messages", operation_id = "listMessages",
    security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The conversation."), PageQuery),
    responses(
        (status = 200, description = "A page of messages, 50 by default.", body = PageBody<Message>),
        (status = 403, description = "`NOT_A_PARTICIPANT`.", body = ErrorEnvelope),
        (status = 404, description = "`CONVERSATION_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: a parameter is out of range.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let request = page.read(PAGE_SIZE, MESSAGES)?;
    let page = app
        .messages_of(UserId::from(viewer.id), &id, request.window)
        .await?
        .ok_or_else(|| {
            Violation::invalid_field(
                "cursor",
                "INVALID_CURSOR",
                "`cursor` is no cursor of this conversation; pass `next_cursor` of the page before, or leave it out.",
            )
        })?;
    Ok(request.respond(page, place_of_message, Message::from))
}
