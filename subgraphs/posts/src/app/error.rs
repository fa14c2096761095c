//! Why a use case was not carried out.

use common::{
    auth::unauthenticated,
    error::{Class, Error, Fault, Violation},
};

use crate::domain::{MAX_TEXT_LENGTH, TextError};

#[derive(Debug, thiserror::Error)]
pub enum PostsError {
    #[error("the text is no text of a post: {0:?}")]
    BadText(TextError),
    #[error("there is no such post")]
    PostUnknown,
    #[error("the post is somebody else's")]
    NotPostAuthor,
    #[error("another service does not accept the viewer's token")]
    TokenRefused,
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for PostsError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<TextError> for PostsError {
    fn from(error: TextError) -> Self {
        Self::BadText(error)
    }
}

impl From<PostsError> for Error {
    fn from(error: PostsError) -> Self {
        let violation = match error {
            PostsError::BadText(error) => bad_text(error),
            PostsError::PostUnknown => Violation::new(
                Class::NotFound,
                "POST_NOT_FOUND",
                "There is no post with this id; it may have been deleted.",
            )
            .on("post_id"),
            PostsError::NotPostAuthor => Violation::new(
                Class::Forbidden,
                "NOT_POST_AUTHOR",
                "Only its author may change a post, and only its author or a moderator may delete it.",
            ),
            PostsError::TokenRefused => unauthenticated(),
            PostsError::Fault(fault) => return Self::Fault(fault),
        };
        Self::Violation(violation)
    }
}

fn bad_text(error: TextError) -> Violation {
    match error {
        TextError::Missing => Violation::new(
            Class::Unprocessable,
            "POST_TEXT_REQUIRED",
            format!(
                "The text is empty or only white space; it must have 1 to {MAX_TEXT_LENGTH} characters."
            ),
        )
        .on("text"),
        TextError::TooLong { length } => Violation::new(
            Class::Unprocessable,
            "POST_TEXT_TOO_LONG",
            format!("The text has {length} characters; it may have {MAX_TEXT_LENGTH} at most."),
        )
        .on("text"),
        TextError::Nul => Violation::invalid_field(
            "text",
            "MALFORMED",
            "The text has the character U+0000, which no text may have; leave it out.",
        ),
    }
}
