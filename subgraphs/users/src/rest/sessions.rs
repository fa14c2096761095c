//! Signing in and out. Browsers keep the refresh token in a cookie that no script can read; other clients ask for it in
//! the body and send it there.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use common::{
    error::{Error, ErrorEnvelope},
    origin::Origin,
    respond::json,
    rest::{BodyErrors, Faults, Json, OptionalJson},
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, IntoResponses, ToSchema};

use super::cookie;
use crate::app::{self, ACCESS_TOKEN_SECONDS, App, REFRESH_TOKEN_SECONDS};

/// Where a refresh token travels.
#[derive(Clone, Copy, Default, Deserialize, PartialEq, Eq, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Delivery {
    /// In a cookie that no script can read: for browsers.
    #[default]
    Cookie,
    /// In the JSON body: for all others.
    Body,
}

/// Who signs in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LoginInput {
    /// The address of the account, in any case.
    #[schema(example = "ada@example.com")]
    email: String,
    #[schema(format = Password, example = "correct horse battery")]
    password: String,
    /// Where the refresh token is to be: `cookie` unless this says `body`.
    #[serde(default)]
    #[schema(required = false)]
    refresh_token_delivery: Delivery,
}

/// The session that a request is about. A browser sends nothing of it: its cookie says it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SessionInput {
    /// The newest refresh token of the session, where it is not in the cookie.
    refresh_token: Option<String>,
    /// `body` comes with a token in the body, and the next one is in the body too. A token in the cookie is never answered
    /// in a body, whatever this says: scripts of a page could read it there.
    #[expect(dead_code, reason = "the token that came says where the next one goes")]
    refresh_token_delivery: Option<Delivery>,
}

/// What a browser sends along by itself.
#[derive(IntoParams)]
#[into_params(parameter_in = Cookie)]
#[expect(dead_code, reason = "it describes what `cookie` reads")]
struct SessionCookie {
    /// Set by login. A token in the body goes before it.
    #[param(nullable = false)]
    refresh_token: Option<String>,
}

/// What it takes to act as a user.
#[derive(Serialize, ToSchema)]
pub(super) struct Session<'a> {
    /// A JWT for `Authorization: Bearer …`.
    access_token: &'a str,
    #[schema(value_type = String, pattern = "^bearer$", example = "bearer")]
    token_type: &'static str,
    /// Seconds until the access token ends.
    #[schema(example = 900)]
    expires_in: i64,
    /// Good once, for 30 days. Only where the refresh token is delivered in the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, required = false)]
    refresh_token: Option<&'a str>,
}

/// Too many failed logins.
#[derive(IntoResponses)]
#[expect(dead_code, reason = "it describes an answer")]
pub(super) enum TooManyFailures {
    /// `RATE_LIMITED`: too many failures within 15 minutes, for this account from this address, or for either alone.
    #[response(status = 429, headers(("Retry-After" = u32, description = "Seconds to wait.")))]
    Failures(ErrorEnvelope),
}

/// Signs in
///
/// An unknown address and a wrong password are one answer, after the same work. After 10 failures within 15 minutes for
/// one account from one address, neither is told any more until the first of them is 15 minutes old.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", operation_id = "logIn", security(()),
    request_body = LoginInput,
    responses(
        (status = 200, description = "A session.", body = Session, headers(
            ("Set-Cookie" = String, description = "`refresh_token`: HttpOnly, Secure, SameSite=Strict; not with delivery in the body."),
        )),
        (status = 401, description = "`INVALID_CREDENTIALS`: the same for an unknown address and for a wrong password.", body = ErrorEnvelope),
        (status = 403, description = "`EMAIL_NOT_VERIFIED`.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: a field is missing or of the wrong type.", body = ErrorEnvelope),
        TooManyFailures, BodyErrors, Faults,
    ),
)]
pub(super) async fn log_in(
    State(app): State<App>,
    origin: Origin,
    Json(input): Json<LoginInput>,
) -> Result<Response, Error> {
    let session = app
        .log_in(&input.email, input.password.into(), &origin)
        .await?;
    Ok(answer(&session, input.refresh_token_delivery))
}

/// Exchanges a refresh token for a new pair of tokens
///
/// A token that was exchanged before ends the whole session: somebody else may have it.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", operation_id = "refreshSession", security(()),
    params(SessionCookie),
    request_body = Option<SessionInput>,
    responses(
        (status = 200, description = "The session with new tokens, delivered as the old one came.", body = Session, headers(
            ("Set-Cookie" = String, description = "`refresh_token`, where the old one was in the cookie."),
        )),
        (status = 401, description = "`INVALID_REFRESH_TOKEN`: missing, unknown, used, expired or revoked.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: a field is of the wrong type.", body = ErrorEnvelope),
        BodyErrors, Faults,
    ),
)]
pub(super) async fn refresh(
    State(app): State<App>,
    headers: HeaderMap,
    OptionalJson(input): OptionalJson<SessionInput>,
) -> Result<Response, Error> {
    let (token, delivery) = presented(input, &headers).ok_or(app::AppError::BadRefreshToken)?;
    let session = app.refresh(&token).await?;
    Ok(answer(&session, delivery))
}

/// Ends a session
///
/// None of its refresh tokens works any more. Ending what has ended, or nothing, changes nothing.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth", operation_id = "logOut", security(()),
    params(SessionCookie),
    request_body = Option<SessionInput>,
    responses(
        (status = 204, description = "The session has ended.", headers(
            ("Set-Cookie" = String, description = "Makes a browser forget `refresh_token`."),
        )),
        (status = 422, description = "`VALIDATION_FAILED`: a field is of the wrong type.", body = ErrorEnvelope),
        BodyErrors, Faults,
    ),
)]
pub(super) async fn log_out(
    State(app): State<App>,
    headers: HeaderMap,
    OptionalJson(input): OptionalJson<SessionInput>,
) -> Result<Response, Error> {
    // Both, where both came: the browser is told to forget its own in any case.
    let in_body = in_body(input).map(SecretString::from);
    for token in in_body.into_iter().chain(cookie::read(&headers)) {
        app.log_out(&token).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    if let Some(cookie) = cookie::forget() {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// The refresh token of a request, and where the next one goes: the way this one came.
fn presented(input: Option<SessionInput>, headers: &HeaderMap) -> Option<(SecretString, Delivery)> {
    match in_body(input) {
        Some(token) => Some((token.into(), Delivery::Body)),
        None => cookie::read(headers).map(|token| (token, Delivery::Cookie)),
    }
}

/// An empty text is no token.
fn in_body(input: Option<SessionInput>) -> Option<String> {
    input?.refresh_token.filter(|token| !token.is_empty())
}

pub(super) fn answer(session: &app::Session, delivery: Delivery) -> Response {
    let in_body = delivery == Delivery::Body;
    let body = Session {
        access_token: session.access_token.expose_secret(),
        token_type: "bearer",
        expires_in: ACCESS_TOKEN_SECONDS,
        refresh_token: in_body.then(|| session.refresh_token.expose_secret()),
    };
    let mut response = json(StatusCode::OK, &body);
    let headers = response.headers_mut();
    // RFC 6749, 5.1.
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !in_body && let Some(cookie) = cookie::keep(&session.refresh_token, REFRESH_TOKEN_SECONDS) {
        headers.insert(header::SET_COOKIE, cookie);
    }
    response
}
