//! Why a use case was not carried out.

use common::{
    auth::unauthenticated,
    error::{Class, Error, Fault, Violation},
};
use kit::TextError;

common::error_codes! {
    NOT_POST_AUTHOR,
    POST_NOT_FOUND,
    POST_TEXT_REQUIRED,
    POST_TEXT_TOO_LONG,
}

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("the text is not valid for a post: {0:?}")]
    BadText(TextError),
    #[error("the post does not exist")]
    PostNotFound,
    #[error("the viewer is not the author of the post")]
    NotPostAuthor,
    #[error("another service rejected the viewer's token")]
    TokenRefused,
    #[error(transparent)]
    Fault(#[from] Fault),
}

pub type Result<T, E = AppError> = std::result::Result<T, E>;

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<TextError> for AppError {
    fn from(error: TextError) -> Self {
        Self::BadText(error)
    }
}

impl From<AppError> for Error {
    fn from(error: AppError) -> Self {
        let violation = match error {
            AppError::BadText(error) => error.violation(POST_TEXT_REQUIRED, POST_TEXT_TOO_LONG),
            AppError::PostNotFound => Violation::new(
                Class::NotFound,
                POST_NOT_FOUND,
                "There is no post with this id; it may have been deleted.",
            )
            .on("post_id"),
            AppError::NotPostAuthor => Violation::new(
                Class::Forbidden,
                NOT_POST_AUTHOR,
                "Only its author may change a post, and only its author or a moderator may delete it.",
            ),
            AppError::TokenRefused => unauthenticated(),
            AppError::Fault(fault) => return Self::Fault(fault),
        };
        Self::Violation(violation)
    }
}
