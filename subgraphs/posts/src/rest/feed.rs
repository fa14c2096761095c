//! The feed.

use axum::{extract::State, response::Response};
use common::{
    error::{Error, ErrorEnvelope},
    page::Page,
    rest::{Faults, NotSignedIn, PageBody, PageQuery, Query, SignedIn},
};

use super::post::{Post, answer_page};
use crate::app::{App, TIMELINE, Timeline};

/// Posts on a page by default.
pub(super) const PAGE_SIZE: u32 = 20;

/// The posts of everyone whom the caller follows
///
/// Newest first. While the users service cannot be reached it is empty.
#[utoipa::path(
    get, path = "/feed", tag = "feed", operation_id = "readFeed", security(("bearer" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "A page of posts, 20 by default.", body = PageBody<Post>),
        (status = 422, description = "`VALIDATION_FAILED`: a parameter is out of range.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let request = page.read(PAGE_SIZE, TIMELINE)?;
    let page = match app.timeline(&viewer, request.window).await? {
        Timeline::Page(page) => page,
        // The cause is in the log already.
        Timeline::Unavailable => Page::empty(),
    };
    answer_page(&app, Some(&viewer), request, page).await
}
