//! Where the caller is signed in.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    Timestamp,
    error::{Error, ErrorEnvelope},
    respond::json,
    rest::{Faults, Id, NotSignedIn, SignedIn},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{app::App, domain::SessionInfo};

/// A login, and all that came from it.
#[derive(Serialize, ToSchema)]
struct OwnSession {
    id: Uuid,
    created_at: Timestamp,
    /// When it last got new tokens.
    last_used_at: Timestamp,
    /// When it ends unless it is used before.
    expires_at: Timestamp,
    /// The program that signed in, as it called itself.
    #[schema(required)]
    user_agent: Option<String>,
    /// Where it signed in from: an IPv4 or IPv6 address.
    #[schema(required)]
    ip_address: Option<String>,
    /// Whether the token of this request came from it.
    is_current: bool,
}

impl OwnSession {
    fn of(session: SessionInfo, current: Option<Uuid>) -> Self {
        Self {
            is_current: current == Some(session.id),
            id: session.id,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
            user_agent: session.user_agent,
            ip_address: session.address,
        }
    }
}

/// All of them: an account has 100 at most.
#[derive(Serialize, ToSchema)]
struct OwnSessions {
    items: Vec<OwnSession>,
}

/// Where the caller is signed in
///
/// The session used last comes first.
#[utoipa::path(
    get, path = "/users/me/sessions", tag = "users", operation_id = "listSessions", security(("bearer" = [])),
    responses(
        (status = 200, description = "The sessions that are good.", body = OwnSessions),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn list(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
) -> Result<Response, Error> {
    let sessions = app.sessions(viewer.id.into()).await?.into_iter();
    let items = sessions.map(|session| OwnSession::of(session, viewer.session));
    let items = items.collect();
    Ok(json(StatusCode::OK, &OwnSessions { items }))
}

/// Ends one of the caller's sessions
///
/// None of its refresh tokens works any more. Access tokens of it are good until they end by themselves, 15 minutes at
/// most. Ending it again changes nothing.
#[utoipa::path(
    delete, path = "/users/me/sessions/{id}", tag = "users", operation_id = "endSession", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "Its id.")),
    responses(
        (status = 204, description = "It has ended."),
        (status = 404, description = "`NOT_FOUND`: the caller has no such session.", body = ErrorEnvelope),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn end(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Id(id): Id,
) -> Result<Response, Error> {
    app.end_session(viewer.id.into(), &id).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Ends all of the caller's sessions
///
/// The present one too. Access tokens are good until they end by themselves, 15 minutes at most.
#[utoipa::path(
    delete, path = "/users/me/sessions", tag = "users", operation_id = "endSessions", security(("bearer" = [])),
    responses(
        (status = 204, description = "They have ended."),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn end_all(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
) -> Result<Response, Error> {
    app.end_sessions(viewer.id.into(), None).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
