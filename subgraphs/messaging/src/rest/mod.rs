//! The REST API: the same use cases as the graph, for clients that do not speak GraphQL.

mod conversations;
mod mentions;
mod message;
mod messages;
mod stream;

use axum::{Router, extract::FromRef};
use common::{auth::Verifier, rest::Document};
use kit::RestApi;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

const ABOUT: Document = Document {
    title: "Rookery messaging",
    description: "Conversations between two people, their messages, and mentions in them.",
    tags: &[
        (
            "conversations",
            "Two people have one conversation, whoever starts it.",
        ),
        (
            "messages",
            "What is said in conversations, and messages that mention the caller.",
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
        .routes(routes!(conversations::start, conversations::list))
        .routes(routes!(messages::send, messages::list))
        .routes(routes!(conversations::mark_read))
        .routes(routes!(conversations::indicate_typing))
        .routes(routes!(mentions::list))
        .routes(routes!(stream::messages));
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
