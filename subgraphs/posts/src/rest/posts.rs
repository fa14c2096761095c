//! Writing and reading posts.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    error::{Error, ErrorEnvelope, Violation},
    page::Page,
    respond::json,
    rest::{
        BodyErrors, Caller, Faults, Id, Json, NotSignedIn, PageBody, PageQuery, Query, SignedIn,
    },
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::post::{Post, answer_page};
use crate::{
    app::{App, AppError, POSTS_OF_AUTHOR},
    domain::{PostId, UserId},
};

/// What a post says.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PostInput {
    /// 1 to 280 characters (Unicode scalar values) after trimming.
    #[schema(
        max_length = 280,
        example = "Note G computes the Bernoulli numbers.",
        pattern = r"^[^\u0000]*[^\u0000\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000][^\u0000]*$"
    )]
    text: String,
}

/// Whose posts.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct AuthorQuery {
    /// Somebody unknown has no posts.
    #[param(value_type = uuid::Uuid)]
    author_id: String,
}

/// Writes a post
///
/// It is in the very next read of every follower's feed.
#[utoipa::path(
    post, path = "/posts", tag = "posts", operation_id = "createPost", security(("bearer" = [])),
    request_body = PostInput,
    responses(
        (status = 201, description = "The post.", body = Post, links(
            ("readPost" = (operation_id = "readPost", parameters(("id" = "$response.body#/id")))),
            ("editPost" = (operation_id = "editPost", parameters(("id" = "$response.body#/id")))),
            ("deletePost" = (operation_id = "deletePost", parameters(("id" = "$response.body#/id")))),
            ("likePost" = (operation_id = "likePost", parameters(("id" = "$response.body#/id")))),
            ("unlikePost" = (operation_id = "unlikePost", parameters(("id" = "$response.body#/id")))),
            ("listPosts" = (operation_id = "listPosts", parameters(("author_id" = "$response.body#/author_id")))),
        )),
        (status = 422, description = "`POST_TEXT_REQUIRED`, `POST_TEXT_TOO_LONG`, `VALIDATION_FAILED`.", body = ErrorEnvelope),
        NotSignedIn, BodyErrors, Faults,
    ),
)]
pub(super) async fn create(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Json(input): Json<PostInput>,
) -> Result<Response, Error> {
    let post = app.create_post(viewer.id.into(), &input.text).await?;
    let shown = app.shown_new(&viewer, post).await;
    Ok(json(StatusCode::CREATED, &Post::from(shown)))
}

/// The posts of an author
///
/// Newest first.
#[utoipa::path(
    get, path = "/posts", tag = "posts", operation_id = "listPosts", security((), ("bearer" = [])),
    params(AuthorQuery, PageQuery),
    responses(
        (status = 200, description = "A page of posts, 20 by default.", body = PageBody<Post>),
        (status = 422, description = "`VALIDATION_FAILED`: a parameter is missing or out of range.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    Caller(caller): Caller,
    Query(of): Query<AuthorQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let author = UserId::parse(&of.author_id).ok_or_else(|| {
        Violation::invalid_field("author_id", "MALFORMED", "`author_id` must be a UUID.")
    })?;
    let request = page.read(super::feed::PAGE_SIZE, POSTS_OF_AUTHOR)?;
    let page = (author, request.window);
    let mut pages = app.pages_of_authors(&[page]).await?;
    let page = pages.remove(&page).unwrap_or_else(Page::empty);
    answer_page(&app, caller.viewer().map(AsRef::as_ref), request, page).await
}

/// One post
///
/// Anybody may read it.
#[utoipa::path(
    get, path = "/posts/{id}", tag = "posts", operation_id = "readPost", security((), ("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Its id.")),
    responses(
        (status = 200, description = "The post.", body = Post),
        (status = 404, description = "`POST_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    Caller(caller): Caller,
    Id(id): Id,
) -> Result<Response, Error> {
    let found = app.posts(&[post_id(&id)?]).await?;
    let viewer = caller.viewer().map(AsRef::as_ref);
    let shown = app.shown(viewer, found).await?.pop();
    let post = shown.ok_or(AppError::PostNotFound)?;
    Ok(json(StatusCode::OK, &Post::from(post)))
}

/// Gives a post of the caller another text
///
/// Its place in lists stays.
#[utoipa::path(
    patch, path = "/posts/{id}", tag = "posts", operation_id = "editPost", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Its id.")),
    request_body = PostInput,
    responses(
        (status = 200, description = "The post as it is now.", body = Post),
        (status = 403, description = "`NOT_POST_AUTHOR`.", body = ErrorEnvelope),
        (status = 404, description = "`POST_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        (status = 422, description = "`POST_TEXT_REQUIRED`, `POST_TEXT_TOO_LONG`, `VALIDATION_FAILED`.", body = ErrorEnvelope),
        NotSignedIn, BodyErrors, Faults,
    ),
)]
pub(super) async fn edit(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
    Json(input): Json<PostInput>,
) -> Result<Response, Error> {
    let post = app.edit_post(&viewer, post_id(&id)?, &input.text).await?;
    let shown = app.shown(Some(&viewer), vec![post]).await?.pop();
    let post = shown.ok_or(AppError::PostNotFound)?;
    Ok(json(StatusCode::OK, &Post::from(post)))
}

/// Deletes a post of the caller
///
/// Its likes go with it. A moderator deletes posts of others too.
#[utoipa::path(
    delete, path = "/posts/{id}", tag = "posts", operation_id = "deletePost", security(("bearer" = [])),
    params(("id" = uuid::Uuid, Path, description = "Its id.")),
    responses(
        (status = 204, description = "It is no more, and neither are its likes."),
        (status = 403, description = "`NOT_POST_AUTHOR`.", body = ErrorEnvelope),
        (status = 404, description = "`POST_NOT_FOUND`, `NOT_FOUND`.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn delete(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
) -> Result<Response, Error> {
    app.delete_post(&viewer, post_id(&id)?).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// The id of a post that a client wrote. What is no id is no post's.
pub(super) fn post_id(id: &str) -> Result<PostId, AppError> {
    PostId::parse(id).ok_or(AppError::PostNotFound)
}
