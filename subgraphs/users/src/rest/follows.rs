//! Who follows whom.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    error::{Error, ErrorEnvelope},
    respond::json,
    rest::{Caller, Faults, Id, NotSignedIn, PageBody, PageQuery, Query, SignedIn},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::{App, Relation},
    domain::UserSummary,
};

const PAGE_SIZE: u32 = 20;

/// That somebody follows somebody.
#[derive(Serialize, ToSchema)]
struct Follow {
    /// The caller.
    follower_id: Uuid,
    followee_id: Uuid,
}

/// Follows somebody
///
/// Their posts are in the very next read of the caller's feed.
#[utoipa::path(
    post, path = "/users/{id}/follow", tag = "users", operation_id = "followUser", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Whom to follow.")),
    responses(
        (status = 201, description = "The caller follows them from now on.", body = Follow),
        (status = 200, description = "The caller follows them already.", body = Follow),
        (status = 403, description = "`FORBIDDEN`: one of the two blocks the other.", body = ErrorEnvelope),
        (status = 404, description = "`USER_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        (status = 422, description = "`CANNOT_FOLLOW_SELF`.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn follow(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
) -> Result<Response, Error> {
    let followed = app.follow(viewer.id.into(), &id).await;
    let followed = followed.map_err(|error| Error::from(error).renaming("user_id", "id"))?;
    let status = if followed.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let follow = Follow {
        follower_id: viewer.id,
        followee_id: followed.user.id.as_uuid(),
    };
    Ok(json(status, &follow))
}

/// Follows somebody no longer
///
/// Doing so again changes nothing.
#[utoipa::path(
    delete, path = "/users/{id}/follow", tag = "users", operation_id = "unfollowUser", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Whom not to follow.")),
    responses(
        (status = 204, description = "The caller does not follow them."),
        (status = 404, description = "`USER_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn unfollow(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
) -> Result<Response, Error> {
    app.unfollow(viewer.id.into(), &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Who follows a user
///
/// The newest first.
#[utoipa::path(
    get, path = "/users/{id}/followers", tag = "users", operation_id = "listFollowers", security((), ("bearer" = [])),
    params(("id" = Uuid, Path, description = "The user."), PageQuery),
    responses(
        (status = 200, description = "A page of users, 20 by default.", body = PageBody<UserSummary>),
        (status = 404, description = "`USER_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: a parameter is out of range.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn followers(
    State(app): State<App>,
    _caller: Caller,
    Id(id): Id,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    list(&app, Relation::Followers, &id, &page).await
}

/// Whom a user follows
///
/// The newest first.
#[utoipa::path(
    get, path = "/users/{id}/followees", tag = "users", operation_id = "listFollowees", security((), ("bearer" = [])),
    params(("id" = Uuid, Path, description = "The user."), PageQuery),
    responses(
        (status = 200, description = "A page of users, 20 by default.", body = PageBody<UserSummary>),
        (status = 404, description = "`USER_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: a parameter is out of range.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn followees(
    State(app): State<App>,
    _caller: Caller,
    Id(id): Id,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    list(&app, Relation::Followees, &id, &page).await
}

async fn list(
    app: &App,
    relation: Relation,
    of: &str,
    page: &PageQuery,
) -> Result<Response, Error> {
    let request = page.read(PAGE_SIZE, relation.cursor_kind())?;
    let page = app.listed(relation, of, request.window).await?;
    Ok(request.respond(
        page,
        |listing| listing.place,
        |listing| UserSummary::from(listing.user),
    ))
}
