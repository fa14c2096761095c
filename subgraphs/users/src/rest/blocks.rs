//! Who blocks whom.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    error::{Error, ErrorEnvelope},
    respond::json,
    rest::{Faults, Id, NotSignedIn, PageBody, PageQuery, Query, SignedIn},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::{App, BLOCKS},
    domain::UserSummary,
};

const PAGE_SIZE: u32 = 20;

/// That somebody blocks somebody.
#[derive(Serialize, ToSchema)]
struct Block {
    /// The caller.
    blocker_id: Uuid,
    blocked_id: Uuid,
}

/// Blocks somebody
///
/// From now on neither of the two follows the other, finds the other by the beginning of a handle, or can write to the
/// other. Follows between them are gone, and so are their posts from the very next read of either's feed.
#[utoipa::path(
    post, path = "/users/{id}/block", tag = "users", operation_id = "blockUser", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Whom to block.")),
    responses(
        (status = 201, description = "The caller blocks them from now on.", body = Block),
        (status = 200, description = "The caller blocks them already.", body = Block),
        (status = 404, description = "`USER_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        (status = 422, description = "`CANNOT_BLOCK_SELF`.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn block(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
) -> Result<Response, Error> {
    let blocked = app.block(viewer.id.into(), &id).await;
    let blocked = blocked.map_err(|error| Error::from(error).renaming("user_id", "id"))?;
    let status = if blocked.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let block = Block {
        blocker_id: viewer.id,
        blocked_id: blocked.user.id.as_uuid(),
    };
    Ok(json(status, &block))
}

/// Blocks somebody no longer
///
/// Follows do not come back. Doing so again changes nothing.
#[utoipa::path(
    delete, path = "/users/{id}/block", tag = "users", operation_id = "unblockUser", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Whom not to block.")),
    responses(
        (status = 204, description = "The caller does not block them."),
        (status = 404, description = "`USER_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn unblock(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
) -> Result<Response, Error> {
    app.unblock(viewer.id.into(), &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Whom the caller blocks
///
/// The newest first. Nobody else sees this list.
#[utoipa::path(
    get, path = "/users/me/blocks", tag = "users", operation_id = "listBlocks", security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page of users, 20 by default.", body = PageBody<UserSummary>),
        (status = 422, description = "`VALIDATION_FAILED`: a parameter is out of range.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let request = page.read(PAGE_SIZE, BLOCKS)?;
    let page = app.blocked(viewer.id.into(), request.window).await?;
    Ok(request.respond(
        page,
        |listing| listing.place,
        |listing| UserSummary::from(listing.user),
    ))
}
