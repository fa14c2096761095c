//! The REST API: the same use cases as the graph, for clients that do not speak GraphQL.

mod feed;
mod likes;
mod post;
mod posts;

use axum::{Router, extract::FromRef};
use common::{auth::Verifier, rest::Document};
use kit::RestApi;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

const ABOUT: Document = Document {
    title: "Rookery posts",
    description: "Posts, likes and the feed: the posts of everyone whom the caller follows.",
    tags: &[
        (
            "posts",
            "Short texts that somebody wrote for everybody, and who likes them.",
        ),
        (
            "feed",
            "The posts of everyone whom the caller follows, newest first.",
        ),
    ],
};

/// What the handlers work with.
#[derive(Clone, FromRef)]
struct Rest {
    app: App,
    verifier: Verifier,
}

fn api() -> RestApi<Rest> {
    let routes = OpenApiRouter::new()
        .routes(routes!(posts::create, posts::list))
        .routes(routes!(posts::read, posts::edit, posts::delete))
        .routes(routes!(likes::like, likes::unlike))
        .routes(routes!(feed::read));
    RestApi::new(&ABOUT, routes)
}

/// The description of these routes.
pub fn openapi() -> OpenApi {
    api().openapi()
}

/// These routes, and `/openapi.json`.
pub fn routes(app: App, verifier: Verifier) -> Router {
    api().routes(Rest { app, verifier })
}
