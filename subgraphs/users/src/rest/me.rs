//! The caller's own account.

use axum::{extract::State, http::StatusCode, response::Response};
use common::{
    error::{Error, ErrorEnvelope},
    respond::json,
    rest::{BodyErrors, Faults, Json, NotSignedIn, SignedIn},
};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::user::Me;
use crate::{
    app::{App, ProfileInput},
    domain::Change,
};

/// A field left out stays as it is; null clears it, and blank text does so for name and bio.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ProfileChanges {
    /// The name to show: one line of 100 characters at most, without the white space around it.
    #[serde(default = "keep", deserialize_with = "change")]
    #[schema(value_type = Option<String>, pattern = r"^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*[^\u0000-\u001f\u007f-\u009f]{0,100}[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$", example = "Ada Lovelace")]
    display_name: Change<String>,
    /// What the user says about themselves: 300 characters at most, without the white space around it.
    #[serde(default = "keep", deserialize_with = "change")]
    #[schema(value_type = Option<String>, pattern = r"^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*[^\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f-\u009f]{0,300}[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$", example = "First programmer.")]
    bio: Change<String>,
    /// Where a picture is: an absolute http or https URL.
    #[serde(default = "keep", deserialize_with = "change")]
    #[schema(value_type = Option<String>, format = "uri", max_length = 2048, example = "https://example.com/ada.png")]
    avatar_url: Change<String>,
}

fn keep() -> Change<String> {
    Change::Keep
}

fn change<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Change<String>, D::Error> {
    let value = Option::deserialize(deserializer)?;
    Ok(value.map_or(Change::Clear, Change::Set))
}

/// The caller's own account
///
/// As everybody sees it, and its e-mail address.
#[utoipa::path(
    get, path = "/users/me", tag = "users", operation_id = "readMe", security(("bearer" = [])),
    responses(
        (status = 200, description = "The account.", body = Me),
        NotSignedIn, Faults,
    ),
)]
pub(super) async fn read(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
) -> Result<Response, Error> {
    let user = app.own(viewer.id.into()).await?;
    Ok(json(StatusCode::OK, &Me::from(user)))
}

/// Changes the caller's profile
///
/// When a field is wrong, nothing is changed.
#[utoipa::path(
    patch, path = "/users/me", tag = "users", operation_id = "updateMe", security(("bearer" = [])),
    request_body = ProfileChanges,
    responses(
        (status = 200, description = "The account after the change.", body = Me),
        (status = 422, description = "`VALIDATION_FAILED`: every field that is wrong is named.", body = ErrorEnvelope),
        NotSignedIn, BodyErrors, Faults,
    ),
)]
pub(super) async fn update(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    Json(changes): Json<ProfileChanges>,
) -> Result<Response, Error> {
    let input = ProfileInput {
        display_name: changes.display_name,
        bio: changes.bio,
        avatar_url: changes.avatar_url,
    };
    let user = app.update_profile(viewer.id.into(), input).await?;
    Ok(json(StatusCode::OK, &Me::from(user)))
}
