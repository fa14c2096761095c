//! The REST API: the same use cases as the graph, for clients that do not speak GraphQL.

mod accounts;
mod avatar;
mod blocks;
mod cookie;
mod follows;
mod me;
mod own_sessions;
mod password;
mod sessions;
mod user;
mod users;

use axum::{Router, extract::FromRef};
use common::{auth::Verifier, client_address::TrustedProxies, rest::Document};
use kit::RestApi;
use utoipa::openapi::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::app::App;

const ABOUT: Document = Document {
    title: "Rookery users",
    description: "Accounts, sessions, profiles and the follow graph.",
    tags: &[
        (
            "auth",
            "Accounts and sessions: how somebody becomes, and stays, signed in.",
        ),
        (
            "users",
            "Who people are, who follows whom, and who blocks whom.",
        ),
    ],
};

/// What the handlers work with.
#[derive(Clone, FromRef)]
struct Rest {
    app: App,
    verifier: Verifier,
    proxies: TrustedProxies,
}

fn api() -> RestApi<Rest> {
    let routes = OpenApiRouter::new()
        .routes(routes!(accounts::register))
        .routes(routes!(sessions::log_in))
        .routes(routes!(sessions::refresh))
        .routes(routes!(sessions::log_out))
        .routes(routes!(accounts::verify_email))
        .routes(routes!(accounts::resend_verification))
        .routes(routes!(accounts::request_password_reset))
        .routes(routes!(accounts::reset_password))
        .routes(routes!(me::read, me::update))
        .routes(routes!(password::change))
        .routes(routes!(own_sessions::list, own_sessions::end_all))
        .routes(routes!(own_sessions::end))
        .merge(
            OpenApiRouter::new()
                .routes(routes!(avatar::put, avatar::delete))
                .layer(avatar::body_limit()),
        )
        .routes(routes!(avatar::read))
        .routes(routes!(users::find))
        .routes(routes!(users::read))
        .routes(routes!(follows::follow, follows::unfollow))
        .routes(routes!(follows::followers))
        .routes(routes!(follows::followees))
        .routes(routes!(blocks::block, blocks::unblock))
        .routes(routes!(blocks::list));
    RestApi::new(&ABOUT, routes)
}

/// The description of these routes.
pub fn openapi() -> OpenApi {
    api().openapi()
}

/// These routes, and `/openapi.json`.
pub fn routes(app: App, verifier: Verifier, proxies: TrustedProxies) -> Router {
    api().routes(Rest {
        app,
        verifier,
        proxies,
    })
}
