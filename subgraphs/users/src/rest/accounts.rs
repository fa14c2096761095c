//! Making accounts, verifying their addresses, and getting back in.

use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use common::{
    Timestamp,
    error::{Error, ErrorEnvelope},
    respond::json,
    rest::{BodyErrors, Faults, Json},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::{App, Registration};

/// What it takes to get an account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RegisterInput {
    /// A mail with a verification token goes to it. 254 bytes at most.
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    email: String,
    /// Letters a to z, digits and `_`; unique regardless of case.
    #[schema(pattern = "^[A-Za-z0-9_]{3,30}$", example = "ada")]
    username: String,
    #[schema(format = Password, min_length = 8, max_length = 128, example = "correct horse battery")]
    password: String,
    /// The name to show: one line of 100 characters at most, without the white space around it.
    #[schema(
        pattern = r"^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*[^\u0000-\u001f\u007f-\u009f]{0,100}[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$",
        example = "Ada Lovelace"
    )]
    display_name: Option<String>,
}

/// A new account.
#[derive(Serialize, ToSchema)]
struct Account {
    id: Uuid,
    #[schema(example = "ada")]
    username: String,
    #[schema(format = Email, example = "ada@example.com")]
    email: String,
    created_at: Timestamp,
}

/// A token from a mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TokenInput {
    token: String,
}

/// Whom to send a mail.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EmailInput {
    #[schema(format = Email, max_length = 254, example = "ada@example.com")]
    email: String,
}

/// A new password, and the token that permits it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PasswordResetInput {
    /// The token from the mail.
    token: String,
    #[schema(format = Password, min_length = 8, max_length = 128)]
    new_password: String,
}

/// Makes an account
///
/// A mail that verifies the address goes out afterwards; whether it can be sent plays no part.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth", operation_id = "register", security(()),
    request_body = RegisterInput,
    responses(
        (status = 201, description = "The account.", body = Account, links(
            ("readUser" = (operation_id = "readUser", parameters(("id" = "$response.body#/id")))),
            ("followUser" = (operation_id = "followUser", parameters(("id" = "$response.body#/id")))),
            ("listFollowers" = (operation_id = "listFollowers", parameters(("id" = "$response.body#/id")))),
        )),
        (status = 409, description = "`EMAIL_ALREADY_EXISTS`, `USERNAME_ALREADY_EXISTS`.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: every field that is wrong is named.", body = ErrorEnvelope),
        BodyErrors, Faults,
    ),
)]
pub(super) async fn register(
    State(app): State<App>,
    Json(input): Json<RegisterInput>,
) -> Result<Response, Error> {
    let registration = Registration {
        email: input.email,
        username: input.username,
        password: input.password.into(),
        display_name: input.display_name,
    };
    let user = app.register(registration).await?;
    let account = Account {
        id: user.id.as_uuid(),
        username: user.username,
        email: user.email,
        created_at: user.created_at,
    };
    Ok(json(StatusCode::CREATED, &account))
}

/// Verifies the address of an account with the token from its mail
///
/// The token is good once, for 24 hours.
#[utoipa::path(
    post, path = "/auth/verify-email", tag = "auth", operation_id = "verifyEmail", security(()),
    request_body = TokenInput,
    responses(
        (status = 204, description = "The address is verified."),
        (status = 410, description = "`TOKEN_EXPIRED`: it was used already, or is too old.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: no token of ours.", body = ErrorEnvelope),
        BodyErrors, Faults,
    ),
)]
pub(super) async fn verify_email(
    State(app): State<App>,
    Json(input): Json<TokenInput>,
) -> Result<Response, Error> {
    app.verify_email(&input.token.into()).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Sends the verification mail again
///
/// The answer is the same for every address, so that nobody learns who has an account.
#[utoipa::path(
    post, path = "/auth/verify-email/resend", tag = "auth", operation_id = "resendVerification", security(()),
    request_body = EmailInput,
    responses(
        (status = 202, description = "A mail goes out if an account needs it."),
        (status = 422, description = "`VALIDATION_FAILED`: no e-mail address.", body = ErrorEnvelope),
        BodyErrors, Faults,
    ),
)]
pub(super) async fn resend_verification(
    State(app): State<App>,
    Json(input): Json<EmailInput>,
) -> Result<Response, Error> {
    app.request_email_verification(&input.email).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Sends a mail with a token for a new password
///
/// The answer is the same for every address, so that nobody learns who has an account.
#[utoipa::path(
    post, path = "/auth/password-reset", tag = "auth", operation_id = "requestPasswordReset", security(()),
    request_body = EmailInput,
    responses(
        (status = 202, description = "A mail goes out if there is an account."),
        (status = 422, description = "`VALIDATION_FAILED`: no e-mail address.", body = ErrorEnvelope),
        BodyErrors, Faults,
    ),
)]
pub(super) async fn request_password_reset(
    State(app): State<App>,
    Json(input): Json<EmailInput>,
) -> Result<Response, Error> {
    app.request_password_reset(&input.email).await?;
    Ok(StatusCode::ACCEPTED.into_response())
}

/// Sets a new password with the token from a mail
///
/// All sessions of the account end.
#[utoipa::path(
    post, path = "/auth/password-reset/confirm", tag = "auth", operation_id = "resetPassword", security(()),
    request_body = PasswordResetInput,
    responses(
        (status = 204, description = "The password is set; log in with it."),
        (status = 410, description = "`TOKEN_EXPIRED`: it was used already, or is too old.", body = ErrorEnvelope),
        (status = 422, description = "`VALIDATION_FAILED`: a bad password, or no token of ours.", body = ErrorEnvelope),
        BodyErrors, Faults,
    ),
)]
pub(super) async fn reset_password(
    State(app): State<App>,
    Json(input): Json<PasswordResetInput>,
) -> Result<Response, Error> {
    app.reset_password(&input.token.into(), input.new_password.into())
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}
