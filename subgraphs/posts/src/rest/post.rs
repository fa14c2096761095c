//! What a post looks like.

use axum::response::Response;
use common::{Timestamp, auth::Viewer, error::Error, page::Page, rest::PageRequest};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    app::{App, ShownPost, place},
    domain::{self, UserSummary},
};

/// A short text that somebody wrote for everybody.
#[derive(Serialize, ToSchema)]
pub(super) struct Post {
    id: Uuid,
    author_id: Uuid,
    /// Null when the users service cannot be reached, or knows nobody with this id.
    #[schema(required)]
    author: Option<UserSummary>,
    /// 1 to 280 characters (Unicode scalar values).
    #[schema(example = "Note G computes the Bernoulli numbers.")]
    text: String,
    /// How many people like it.
    #[schema(minimum = 0)]
    like_count: i32,
    /// Whether the caller likes it; false without a token.
    liked: bool,
    /// When it was written. An edit does not change it.
    created_at: Timestamp,
    /// When its text was last edited; null if it never was.
    #[schema(required)]
    edited_at: Option<Timestamp>,
}

impl From<ShownPost> for Post {
    fn from(shown: ShownPost) -> Self {
        let post = shown.post;
        Self {
            id: post.id.as_uuid(),
            author_id: post.author_id.as_uuid(),
            author: shown.author,
            text: post.text,
            like_count: post.like_count,
            liked: shown.liked,
            created_at: post.created_at,
            edited_at: post.edited_at,
        }
    }
}

/// Answers a page of posts.
pub(super) async fn answer_page(
    app: &App,
    viewer: Option<&Viewer>,
    request: PageRequest,
    page: Page<domain::Post>,
) -> Result<Response, Error> {
    let shown = Page {
        items: app.shown(viewer, page.items).await?,
        has_next: page.has_next,
    };
    Ok(request.respond(shown, |shown| place(&shown.post), Post::from))
}
