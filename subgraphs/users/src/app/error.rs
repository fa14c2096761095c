//! Why a request was not fulfilled, as facts; and the one place that gives each fact its class, code and words.

use common::{
    auth::unauthenticated,
    error::{Class, Detail, Error, Fault, NOT_FOUND, Violation},
};

use super::{
    pictures::{MAX_PIXELS, MAX_SIDE},
    ports::StoreError,
};
use crate::domain::MAX_UPLOAD;

common::error_codes! {
    AVATAR_TOO_LARGE,
    AVATAR_UNSUPPORTED_TYPE,
    CANNOT_BLOCK_SELF,
    CANNOT_FOLLOW_SELF,
    EMAIL_ALREADY_EXISTS,
    EMAIL_NOT_VERIFIED,
    FORBIDDEN,
    INVALID_CREDENTIALS,
    INVALID_REFRESH_TOKEN,
    RATE_LIMITED,
    TOKEN_EXPIRED,
    USERNAME_ALREADY_EXISTS,
    USER_NOT_FOUND,
}

/// Why a request was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("invalid input")]
    Invalid(Vec<Detail>),
    #[error("the e-mail address has an account")]
    EmailTaken,
    #[error("the username is taken")]
    UsernameTaken,
    #[error("unknown address or wrong password")]
    WrongCredentials,
    /// From a signed-in user who changes the password.
    #[error("the current password is wrong")]
    WrongPassword,
    #[error("too many failed logins, for another {seconds} s")]
    TooManyFailures { seconds: i64 },
    #[error("no such session of the viewer")]
    SessionNotFound,
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    #[error("the refresh token is not valid")]
    BadRefreshToken,
    #[error("the token was used or has expired")]
    TokenSpent,
    #[error("no such user")]
    UserNotFound,
    #[error("users cannot follow themselves")]
    CannotFollowSelf,
    #[error("users cannot block themselves")]
    CannotBlockSelf,
    /// One of the two users blocks the other. Neither is told which.
    #[error("one of the two users blocks the other")]
    KeptApart,
    /// The token is valid and its account was deleted.
    #[error("the viewer's account is gone")]
    ViewerGone,
    #[error("too many passwords are waiting to be hashed")]
    TooManyPasswords,
    #[error("the avatar has too many bytes")]
    AvatarTooLarge,
    #[error("the avatar has too many pixels")]
    AvatarTooManyPixels,
    #[error("the avatar cannot be read as JPEG or PNG")]
    AvatarUnsupportedType,
    #[error("too many pictures are waiting to be decoded")]
    TooManyPictures,
    #[error("the avatars cannot be reached: {0}")]
    AvatarStore(#[from] StoreError),
    /// The connection broke during a commit: the change may have been stored or not.
    #[error("the change is in doubt: {0}")]
    InDoubt(#[source] sqlx::Error),
    #[error(transparent)]
    Fault(#[from] Fault),
}

pub type Result<T, E = AppError> = std::result::Result<T, E>;

impl AppError {
    pub(super) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Fault(Fault::internal(source))
    }
}

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<AppError> for Error {
    fn from(error: AppError) -> Self {
        let violation = match error {
            AppError::Invalid(details) => Violation::invalid(details),
            AppError::EmailTaken => Violation::new(
                Class::Conflict,
                EMAIL_ALREADY_EXISTS,
                "There is an account with this e-mail address. Log in, or reset its password.",
            )
            .on("email"),
            AppError::UsernameTaken => Violation::new(
                Class::Conflict,
                USERNAME_ALREADY_EXISTS,
                "This username is taken, regardless of case. Choose another.",
            )
            .on("username"),
            AppError::WrongCredentials => Violation::new(
                Class::Refused,
                INVALID_CREDENTIALS,
                "There is no account with this e-mail address and password.",
            ),
            AppError::WrongPassword => Violation::new(
                Class::Refused,
                INVALID_CREDENTIALS,
                "This is not the present password of the account.",
            )
            .on("current_password"),
            AppError::TooManyFailures { seconds } => Violation::new(
                Class::RateLimited,
                RATE_LIMITED,
                format!("Too many failed logins. Wait {seconds} seconds, or reset the password."),
            )
            .retry_after(seconds),
            AppError::SessionNotFound => Violation::new(
                Class::NotFound,
                NOT_FOUND,
                "You have no session with this id.",
            )
            .on("session_id"),
            AppError::EmailNotVerified => Violation::new(
                Class::Unverified,
                EMAIL_NOT_VERIFIED,
                "The e-mail address is not verified yet. Follow the link in the mail, or ask for a new one.",
            ),
            AppError::BadRefreshToken => Violation::new(
                Class::Refused,
                INVALID_REFRESH_TOKEN,
                "The refresh token is unknown, used, expired or revoked. Log in again.",
            ),
            AppError::TokenSpent => Violation::new(
                Class::Gone,
                TOKEN_EXPIRED,
                "This token was used already or has expired. Ask for a new mail.",
            )
            .on("token"),
            AppError::UserNotFound => Violation::new(
                Class::NotFound,
                USER_NOT_FOUND,
                "There is no user with this id.",
            )
            .on("user_id"),
            AppError::CannotFollowSelf => Violation::new(
                Class::Unprocessable,
                CANNOT_FOLLOW_SELF,
                "Nobody follows themselves. Pass the id of somebody else.",
            )
            .on("user_id"),
            AppError::CannotBlockSelf => Violation::new(
                Class::Unprocessable,
                CANNOT_BLOCK_SELF,
                "Nobody blocks themselves. Pass the id of somebody else.",
            )
            .on("user_id"),
            AppError::KeptApart => Violation::new(
                Class::Forbidden,
                FORBIDDEN,
                "A block keeps the two of you apart: neither can follow the other.",
            ),
            AppError::ViewerGone => unauthenticated(),
            AppError::AvatarTooLarge => too_large(format!(
                "The picture is too large; it may have {MAX_UPLOAD} bytes (2 MiB) at most."
            )),
            AppError::AvatarTooManyPixels => too_large(format!(
                "The picture has too many pixels; each side may have {MAX_SIDE} at most, and all of it {MAX_PIXELS}."
            )),
            AppError::AvatarUnsupportedType => Violation::new(
                Class::Unprocessable,
                AVATAR_UNSUPPORTED_TYPE,
                "This cannot be read as a picture. Send a complete JPEG or PNG.",
            )
            .on("avatar"),
            busy @ (AppError::TooManyPasswords
            | AppError::TooManyPictures
            | AppError::AvatarStore(_)) => {
                return Self::from(Fault::unavailable(busy.to_string()));
            }
            AppError::InDoubt(error) => return Self::from(error),
            AppError::Fault(fault) => return Self::Fault(fault),
        };
        Self::Violation(violation)
    }
}

fn too_large(message: String) -> Violation {
    Violation::new(Class::Unprocessable, AVATAR_TOO_LARGE, message).on("avatar")
}
