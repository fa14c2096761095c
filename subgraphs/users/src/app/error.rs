//! Why a request was not fulfilled, as facts; and the one place that gives each fact its class, code and words.

use common::error::{Class, Detail, Fault, Violation};

use super::{
    pictures::{MAX_PIXELS, MAX_SIDE},
    ports::StoreError,
};
use crate::domain::MAX_UPLOAD;

/// Why a request was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("invalid input")]
    Invalid(Vec<Detail>),
    #[error("the e-mail address has an account")]
    EmailTaken,
    #[error("the username is taken")]
    UsernameTaken,
    #[error("unknown address or wrong password")]
    WrongCredentials,
    /// Of somebody who is signed in.
    #[error("the present password is another one")]
    WrongPassword,
    #[error("too many failed logins, for another {seconds} s")]
    TooManyFailures { seconds: i64 },
    #[error("no such session of the viewer")]
    SessionNotFound,
    #[error("the e-mail address is not verified")]
    EmailNotVerified,
    #[error("the refresh token is not good")]
    BadRefreshToken,
    #[error("the token was used or has expired")]
    TokenSpent,
    #[error("no such user")]
    UserNotFound,
    #[error("nobody follows themselves")]
    CannotFollowSelf,
    #[error("nobody blocks themselves")]
    CannotBlockSelf,
    /// One of the two blocks the other; which of them, neither is told.
    #[error("a block keeps the two apart")]
    KeptApart,
    /// A good token of an account that is gone.
    #[error("the viewer's account is gone")]
    ViewerGone,
    #[error("too many passwords are waiting to be hashed")]
    TooManyPasswords,
    #[error("the avatar has too many bytes")]
    AvatarTooLarge,
    #[error("the avatar has too many pixels")]
    AvatarTooManyPixels,
    #[error("the avatar is no JPEG or PNG that can be read")]
    AvatarUnsupportedType,
    #[error("too many pictures are waiting to be decoded")]
    TooManyPictures,
    #[error("the avatars cannot be reached: {0}")]
    AvatarStore(#[from] StoreError),
    /// The database did not say whether it took a change.
    #[error("the change is in doubt: {0}")]
    InDoubt(#[source] sqlx::Error),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error("{0}")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    pub(super) fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

impl From<Error> for common::error::Error {
    fn from(error: Error) -> Self {
        let violation = match error {
            Error::Invalid(details) => Violation::invalid(details),
            Error::EmailTaken => Violation::new(
                Class::Conflict,
                "EMAIL_ALREADY_EXISTS",
                "There is an account with this e-mail address. Log in, or reset its password.",
            )
            .on("email"),
            Error::UsernameTaken => Violation::new(
                Class::Conflict,
                "USERNAME_ALREADY_EXISTS",
                "This username is taken, regardless of case. Choose another.",
            )
            .on("username"),
            Error::WrongCredentials => Violation::new(
                Class::Refused,
                "INVALID_CREDENTIALS",
                "There is no account with this e-mail address and password.",
            ),
            Error::WrongPassword => Violation::new(
                Class::Refused,
                "INVALID_CREDENTIALS",
                "This is not the present password of the account.",
            )
            .on("current_password"),
            Error::TooManyFailures { seconds } => Violation::new(
                Class::RateLimited,
                "RATE_LIMITED",
                format!("Too many failed logins. Wait {seconds} seconds, or reset the password."),
            )
            .retry_after(seconds),
            Error::SessionNotFound => Violation::new(
                Class::NotFound,
                "NOT_FOUND",
                "You have no session with this id.",
            )
            .on("session_id"),
            Error::EmailNotVerified => Violation::new(
                Class::Unverified,
                "EMAIL_NOT_VERIFIED",
                "The e-mail address is not verified yet. Follow the link in the mail, or ask for a new one.",
            ),
            Error::BadRefreshToken => Violation::new(
                Class::Refused,
                "INVALID_REFRESH_TOKEN",
                "The refresh token is unknown, used, expired or revoked. Log in again.",
            ),
            Error::TokenSpent => Violation::new(
                Class::Gone,
                "TOKEN_EXPIRED",
                "This token was used already or has expired. Ask for a new mail.",
            )
            .on("token"),
            Error::UserNotFound => Violation::new(
                Class::NotFound,
                "USER_NOT_FOUND",
                "There is no user with this id.",
            )
            .on("user_id"),
            Error::CannotFollowSelf => Violation::new(
                Class::Unprocessable,
                "CANNOT_FOLLOW_SELF",
                "Nobody follows themselves. Pass the id of somebody else.",
            )
            .on("user_id"),
            Error::CannotBlockSelf => Violation::new(
                Class::Unprocessable,
                "CANNOT_BLOCK_SELF",
                "Nobody blocks themselves. Pass the id of somebody else.",
            )
            .on("user_id"),
            Error::KeptApart => Violation::new(
                Class::Forbidden,
                "FORBIDDEN",
                "A block keeps the two of you apart: neither can follow the other.",
            ),
            Error::ViewerGone => common::auth::unauthenticated(),
            Error::AvatarTooLarge => too_large(format!(
                "The picture is too large; it may have {MAX_UPLOAD} bytes (2 MiB) at most."
            )),
            Error::AvatarTooManyPixels => too_large(format!(
                "The picture has too many pixels; each side may have {MAX_SIDE} at most, and all of it {MAX_PIXELS}."
            )),
            Error::AvatarUnsupportedType => Violation::new(
                Class::Unprocessable,
                "AVATAR_UNSUPPORTED_TYPE",
                "This cannot be read as a picture. Send a complete JPEG or PNG.",
            )
            .on("avatar"),
            busy @ (Error::TooManyPasswords | Error::TooManyPictures | Error::AvatarStore(_)) => {
                return Self::from(Fault::unavailable(busy.to_string()));
            }
            Error::InDoubt(error) | Error::Database(error) => {
                return Self::from(Fault::from(error));
            }
            Error::Fault(fault) => return Self::from(fault),
            Error::Internal(source) => return Self::from(Fault::internal(source)),
        };
        Self::Violation(violation)
    }
}

fn too_large(message: String) -> Violation {
    Violation::new(Class::Unprocessable, "AVATAR_TOO_LARGE", message).on("avatar")
}
