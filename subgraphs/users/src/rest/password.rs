//! Changing one's password.

use axum::{extract::State, response::Response};
use common::{
    error::{Error, ErrorEnvelope},
    origin::Origin,
    rest::{BodyErrors, Faults, Json, SignedIn},
};
use serde::Deserialize;
use utoipa::ToSchema;

use super::sessions::{Delivery, Session, TooManyFailures, answer};
use crate::app::App;

/// The old password and the new one.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordChange {
    #[schema(format = Password, example = "correct horse battery")]
    current_password: String,
    /// 8 to 128 characters.
    #[schema(format = Password, min_length = 8, max_length = 128, example = "incorrect zebra charger")]
    new_password: String,
    /// Where the refresh token is to be: `cookie` unless this says `body`.
    #[serde(default)]
    #[schema(required = false)]
    refresh_token_delivery: Delivery,
}

/// Changes the caller's password
///
/// All sessions of the account end, the present one too; the answer is a new one. Access tokens from before are good until
/// they end by themselves, 15 minutes at most.
#[utoipa::path(
    put, path = "/users/me/password", tag = "users", operation_id = "changePassword", security(("bearer" = [])),
    request_body = PasswordChange,
    responses(
        (status = 200, description = "A new session.", body = Session, headers(
            ("Set-Cookie" = String, description = "`refresh_token`: HttpOnly, Secure, SameSite=Strict; not with delivery in the body."),
        )),
        (status = 401, description = "`UNAUTHENTICATED` without a good token; `INVALID_CREDENTIALS`: this is not the present password.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: the new password is too short or too long, or a field is missing or of the wrong type.", body = ErrorEnvelope),
        TooManyFailures, BodyErrors, Faults,
    ),
)]
pub(super) async fn change(
    State(app): State<App>,
    SignedIn(viewer): SignedIn,
    origin: Origin,
    Json(input): Json<PasswordChange>,
) -> Result<Response, Error> {
    let (current, new) = (input.current_password.into(), input.new_password.into());
    let session = app
        .change_password(viewer.id.into(), current, new, &origin)
        .await?;
    Ok(answer(&session, input.refresh_token_delivery))
}
