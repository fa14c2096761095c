//! What other contexts ask, on behalf of a viewer, at this service's own port. The router leads nobody here.

use axum::{
    Router,
    extract::{FromRef, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use common::{
    auth::Verifier,
    error::{Detail, Error, Violation},
    respond::json,
    rest::{Caller, Json, SignedIn},
};
use serde::{Deserialize, Serialize};

use crate::{
    app::{App, FolloweeIds, MAX_LOOKUP, MAX_VERSIONS},
    domain::{UserId, UserSummary},
};

#[derive(Clone, FromRef)]
struct Internal {
    app: App,
    verifier: Verifier,
}

pub fn routes(app: App, verifier: Verifier) -> Router {
    Router::new()
        .route("/internal/followee-ids", get(followee_ids))
        .route("/internal/followee-versions", post(followee_versions))
        .route("/internal/users/lookup", post(lookup))
        .with_state(Internal { app, verifier })
}

#[derive(Serialize)]
struct Followees {
    version: i64,
    followee_ids: Vec<UserId>,
}

/// Whom the viewer follows; 304 when the asker's version is the present one.
async fn followee_ids(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let known = known_versions(&headers);
    match app.followee_ids(viewer.id.into(), &known).await? {
        FolloweeIds::Unchanged => Ok(StatusCode::NOT_MODIFIED.into_response()),
        FolloweeIds::Changed { version, ids } => {
            let body = Followees {
                version,
                followee_ids: ids,
            };
            let mut response = json(StatusCode::OK, &body);
            if let Ok(etag) = HeaderValue::from_str(&format!("\"{version}\"")) {
                response.headers_mut().insert(header::ETAG, etag);
            }
            Ok(response)
        }
    }
}

/// The versions in `If-None-Match` (RFC 9110, 13.1.2). What is no version of ours matches nothing.
fn known_versions(headers: &HeaderMap) -> Vec<i64> {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|tag| {
            let tag = tag.trim();
            let tag = tag.strip_prefix("W/").unwrap_or(tag);
            tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
        })
        .collect()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    /// The users whose lists are asked about.
    ids: Vec<UserId>,
}

#[derive(Serialize)]
struct Versions {
    versions: Vec<Option<i64>>,
}

/// The present versions of the lists of several people, in the order of their ids; null for who does not exist. It is asked
/// for many readers at once, so that there is no one whose token could come along. What it tells is how often a list has
/// changed; the list itself takes the token of whose it is.
async fn followee_versions(
    State(app): State<App>,
    Json(lists): Json<Lists>,
) -> Result<Response, Error> {
    if let Some(detail) = too_many("ids", lists.ids.len(), MAX_VERSIONS) {
        return Err(Violation::invalid(vec![detail]).into());
    }
    let versions = app.followees_versions(&lists.ids).await?;
    Ok(json(StatusCode::OK, &Versions { versions }))
}

fn too_many(field: &'static str, count: usize, most: usize) -> Option<Detail> {
    (count > most).then(|| Detail {
        field: field.into(),
        code: "TOO_MANY",
        message: format!("`{field}` has {count} entries; it may have {most} at most."),
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Question {
    #[serde(default)]
    ids: Vec<UserId>,
    #[serde(default)]
    usernames: Vec<String>,
    /// Somebody to whom the viewer wants to write.
    contact_id: Option<UserId>,
}

#[derive(Serialize)]
struct Found {
    items: Vec<UserSummary>,
    /// Whether the viewer or the contact blocks the other; which of them, nobody is told. Only where a contact is asked about.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_blocked: Option<bool>,
}

/// Who has these ids or handles; nobody does is no error. That is no more than `GET /users` tells anybody, so it takes no
/// token: a page of posts has authors also for a reader who has none. Whether a block keeps the viewer from a contact is
/// asked along with it, so that a message costs one question, and takes the viewer's token.
async fn lookup(
    State(app): State<App>,
    Caller(caller): Caller,
    Json(question): Json<Question>,
) -> Result<Response, Error> {
    let details: Vec<Detail> = [
        ("ids", question.ids.len()),
        ("usernames", question.usernames.len()),
    ]
    .into_iter()
    .filter_map(|(field, count)| too_many(field, count, MAX_LOOKUP))
    .collect();
    if !details.is_empty() {
        return Err(Violation::invalid(details).into());
    }
    let contact_blocked = match question.contact_id {
        Some(contact) => {
            let viewer = caller.require()?.id.into();
            Some(app.are_apart(viewer, contact).await?)
        }
        None => None,
    };
    let body = Found {
        items: app.summaries(&question.ids, &question.usernames).await?,
        contact_blocked,
    };
    Ok(json(StatusCode::OK, &body))
}
