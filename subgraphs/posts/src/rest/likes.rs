//! Liking posts.

use axum::{extract::State, http::StatusCode, response::Response};
use common::{
    error::{Error, ErrorEnvelope},
    respond::json,
    rest::{Faults, Id, NotSignedIn, SignedIn},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::posts::post_id;
use crate::{app::App, domain::Post};

/// How a post stands with the caller.
#[derive(Serialize, ToSchema)]
#[schema(as = Like)]
struct Standing {
    post_id: Uuid,
    /// How many people like it now.
    #[schema(minimum = 0)]
    like_count: i32,
    /// Whether the caller is one of them.
    liked: bool,
}

impl Standing {
    fn of(post: &Post, liked: bool) -> Response {
        let standing = Self {
            post_id: post.id.as_uuid(),
            like_count: post.like_count,
            liked,
        };
        json(StatusCode::OK, &standing)
    }
}

/// Likes a post
///
/// Liking it again changes nothing.
#[utoipa::path(
    post, path = "/posts/{id}/like", tag = "posts", operation_id = "likePost", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The post.")),
    responses(
        (status = 200, description = "The caller likes it.", body = Standing),
        (status = 404, description = "`POST_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn like(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
) -> Result<Response, Error> {
    let post = app.like_post(viewer.id.into(), post_id(&id)?).await?;
    Ok(Standing::of(&post, true))
}

/// Takes a like back
///
/// Without one nothing changes.
#[utoipa::path(
    delete, path = "/posts/{id}/like", tag = "posts", operation_id = "unlikePost", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "The post.")),
    responses(
        (status = 200, description = "The caller does not like it.", body = Standing),
        (status = 404, description = "`POST_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn unlike(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
) -> Result<Response, Error> {
    let post = app.unlike_post(viewer.id.into(), post_id(&id)?).await?;
    Ok(Standing::of(&post, false))
}
