//! Why a request was not fulfilled, as facts; and the one place that gives each fact its class, code and words.

use common::error::{Class, Detail, Fault, Violation};

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
    /// A good token of an account that is gone.
    #[error("the viewer's account is gone")]
    ViewerGone,
    #[error("too many passwords are waiting to be hashed")]
    TooManyPasswords,
    #[error(transparent)]
    Database(#[from] sqlx::Error),
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
            Error::ViewerGone => common::auth::unauthenticated(),
            Error::TooManyPasswords => {
                return Self::from(Fault::unavailable(
                    "too many passwords are waiting to be hashed",
                ));
            }
            Error::Database(error) => return Self::from(Fault::from(error)),
            Error::Internal(source) => return Self::from(Fault::internal(source)),
        };
        Self::Violation(violation)
    }
}
