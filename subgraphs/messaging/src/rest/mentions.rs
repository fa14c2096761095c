//! Messages that mention the caller.

use axum::{extract::State, response::Response};
use common::{
    Timestamp,
    error::{Error, ErrorEnvelope},
    rest::{Faults, NotSignedIn, PageBody, PageQuery, Query, SignedIn},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::message::Message;
use crate::{
    app::{App, MENTIONS, place_of_mention},
    domain::{self, UserId},
};

const PAGE_SIZE: u32 = 20;

/// A message that names the caller by handle and that the caller may read.
#[derive(Serialize, ToSchema)]
struct Mention {
    id: Uuid,
    message: Message,
    /// When the message was sent.
    created_at: Timestamp,
}

impl From<(domain::Mention, domain::Message)> for Mention {
    fn from((mention, message): (domain::Mention, domain::Message)) -> Self {
        Self {
            id: mention.id.as_uuid(),
            message: message.into(),
            created_at: mention.created_at,
        }
    }
}

/// Messages that mention the caller and that the caller may read
///
/// Latest first.
#[utoipa::path(
    get, path = "/messages/mentions", tag = "messages", operation_id = "listMentions", security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page of mentions, 20 by default.", body = PageBody<Mention>),
        (status = 422, description = "`VALIDATION_FAILED`: a parameter is out of range.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let request = page.read(PAGE_SIZE, MENTIONS)?;
    let page = app
        .mentions_with_messages(UserId::from(viewer.id), request.window)
        .await?;
    Ok(request.respond(
        page,
        |(mention, _)| place_of_mention(mention),
        Mention::from,
    ))
}
