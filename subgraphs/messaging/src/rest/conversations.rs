//! Starting, seeing and reading conversations.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    Timestamp,
    error::{Error, ErrorEnvelope},
    respond::json,
    rest::{BodyErrors, Faults, Id, Json, NotSignedIn, PageBody, PageQuery, Query, SignedIn},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::message::Message;
use crate::{
    app::{App, CONVERSATIONS, MarkRead, ShownConversation, place_of_conversation},
    domain::{UserId, UserSummary},
};

const PAGE_SIZE: u32 = 20;

/// Whom to talk to.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StartInput {
    /// Somebody else than the caller.
    #[schema(value_type = Uuid)]
    recipient_id: String,
}

/// A conversation that was started or found.
#[derive(Serialize, ToSchema)]
struct Started {
    conversation_id: Uuid,
    /// The two people, always in the same order; null for somebody while the users service cannot be reached.
    #[schema(min_items = 2, max_items = 2)]
    participants: Vec<Option<UserSummary>>,
    /// The ids of the two, in the same order.
    #[schema(min_items = 2, max_items = 2)]
    participant_ids: Vec<Uuid>,
}

/// A conversation in the caller's list.
#[derive(Serialize, ToSchema)]
struct Conversation {
    id: Uuid,
    /// The one whom the caller talks to; null while the users service cannot be reached.
    #[schema(required)]
    other_participant: Option<UserSummary>,
    other_participant_id: Uuid,
    /// Null as long as there is none.
    #[schema(required)]
    latest_message: Option<Message>,
    /// How many messages of the other the caller has not marked as read.
    #[schema(minimum = 0)]
    unread_count: i32,
    /// When the latest message was sent, or when the conversation was started as long as there is none.
    updated_at: Timestamp,
}

impl From<ShownConversation> for Conversation {
    fn from(shown: ShownConversation) -> Self {
        Self {
            id: shown.conversation.id.as_uuid(),
            other_participant: shown.other,
            other_participant_id: shown.other_id.as_uuid(),
            latest_message: shown.latest_message.map(Message::from),
            unread_count: shown.conversation.unread_count,
            updated_at: shown.conversation.updated_at,
        }
    }
}

/// How far the caller has read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadInput {
    /// The latest message that was read. When a later one is marked as read already, nothing changes.
    #[schema(value_type = Uuid)]
    message_id: String,
}

/// Starts a conversation with somebody, or finds the one that is there
///
/// Two people have one, whoever starts it and however often.
#[utoipa::path(
    post, path = "/conversations", tag = "conversations", operation_id = "startConversation",
    security(("bearer" = [])),
    request_body = StartInput,
    responses(
        (status = 201, description = "A new conversation.", body = Started, links(
            ("sendMessage" = (operation_id = "sendMessage", parameters(("id" = "$response.body#/conversation_id")))),
            ("listMessages" = (operation_id = "listMessages", parameters(("id" = "$response.body#/conversation_id")))),
        )),
        (status = 200, description = "The conversation that the two have already.", body = Started),
        (status = 403, description = "`FORBIDDEN`: one of the two blocks the other.", body = ErrorEnvelope),
        (status = 404, description = "`USER_NOT_FOUND`.", body = ErrorEnvelope),
        (status = 422, description = "`CANNOT_MESSAGE_SELF`, `VALIDATION_FAILED`.", body = ErrorEnvelope),
        NotSignedIn, BodyErrors, Faults,
    ),
)]
pub(super) async fn start(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Json(input): Json<StartInput>,
) -> Result<Response, Error> {
    let started = app.start_conversation(&viewer, &input.recipient_id).await?;
    let participants = started.participants();
    let status = if started.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let body = Started {
        conversation_id: started.conversation.id.as_uuid(),
        participant_ids: participants.iter().map(|(id, _)| id.as_uuid()).collect(),
        participants: participants
            .into_iter()
            .map(|(_, user)| user.cloned())
            .collect(),
    };
    Ok(json(status, &body))
}

/// The caller's conversations
///
/// The one with the latest message first.
#[utoipa::path(
    get, path = "/conversations", tag = "conversations", operation_id = "listConversations",
    security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page of conversations, 20 by default.", body = PageBody<Conversation>),
        (status = 422, description = "`VALIDATION_FAILED`: a parameter is out of range.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let request = page.read(PAGE_SIZE, CONVERSATIONS)?;
    let page = app.shown_inbox(&viewer, request.window).await?;
    let place = |shown: &ShownConversation| place_of_conversation(&shown.conversation);
    Ok(request.respond(page, place, Conversation::from))
}

/// Marks a message and everything before it as read
///
/// The mark only moves forward: an earlier message changes nothing.
#[utoipa::path(
    post, path = "/conversations/{id}/read", tag = "conversations", operation_id = "markConversationRead",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The conversation.")),
    request_body = ReadInput,
    responses(
        (status = 204, description = "It is marked."),
        (status = 403, description = "`NOT_A_PARTICIPANT`.", body = ErrorEnvelope),
        (status = 404, description = "`CONVERSATION_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: no message of this conversation.", body = ErrorEnvelope),
        NotSignedIn, BodyErrors, Faults,
    ),
)]
pub(super) async fn mark_read(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
    Json(input): Json<ReadInput>,
) -> Result<Response, Error> {
    let request = MarkRead {
        conversation_id: id,
        message_id: input.message_id,
    };
    app.mark_read(UserId::from(viewer.id), &request).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Tells the other participant that the caller types
///
/// Nothing is stored: only whoever subscribes to `typing` in the graph at this moment is told. To be called again every few
/// seconds for as long as the caller types.
#[utoipa::path(
    post, path = "/conversations/{id}/typing", tag = "conversations", operation_id = "indicateTyping",
    security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The conversation.")),
    responses(
        (status = 204, description = "They are told, if they watch."),
        (status = 403, description = "`NOT_A_PARTICIPANT`; `FORBIDDEN`: one of the two blocks the other.", body = ErrorEnvelope),
        (status = 404, description = "`CONVERSATION_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn indicate_typing(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
) -> Result<Response, Error> {
    app.indicate_typing(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
