//! Why a use case was not carried out.

use common::{
    auth::unauthenticated,
    error::{Class, Error, Fault, Violation},
};

use super::{live::MAX_STREAMS_OF_ONE, ports::DirectoryError};
use crate::domain::{MAX_KEY_LENGTH, MAX_TEXT_LENGTH, TextError};

#[derive(Debug, thiserror::Error)]
pub enum MessagingError {
    #[error("the text is no message text: {0:?}")]
    BadText(TextError),
    #[error("the idempotency key is malformed")]
    KeyMalformed,
    #[error("the idempotency key stands for another text")]
    KeyTaken,
    #[error("not exactly one of conversation and recipient is given")]
    NotOneTarget,
    #[error("the recipient is the sender")]
    RecipientIsSender,
    #[error("there is no such recipient")]
    RecipientUnknown,
    #[error("there is no such conversation")]
    ConversationUnknown,
    #[error("the viewer takes no part in the conversation")]
    NotAParticipant,
    /// One of the two blocks the other; which of them, neither is told.
    #[error("a block keeps the two apart")]
    KeptApart,
    #[error("another service does not accept the viewer's token")]
    TokenRefused,
    #[error("the message is not of this conversation")]
    MessageElsewhere,
    #[error("the viewer has as many streams open as one person may")]
    TooManyStreams,
    #[error("there is nothing of this id to go on after")]
    PositionUnknown,
    #[error(transparent)]
    Fault(#[from] Fault),
}

impl From<sqlx::Error> for MessagingError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<DirectoryError> for MessagingError {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Unauthenticated => Self::TokenRefused,
            DirectoryError::Unavailable(_) => Self::Fault(Fault::unavailable(error)),
            DirectoryError::Unexpected(_) => Self::Fault(Fault::internal(error)),
        }
    }
}

impl From<TextError> for MessagingError {
    fn from(error: TextError) -> Self {
        Self::BadText(error)
    }
}

impl From<MessagingError> for Error {
    fn from(error: MessagingError) -> Self {
        let violation = match error {
            MessagingError::BadText(error) => bad_text(error),
            MessagingError::KeyMalformed => Violation::invalid_field(
                "idempotency_key",
                "MALFORMED",
                format!(
                    "The idempotency key must be 1 to {MAX_KEY_LENGTH} visible ASCII characters, such as a UUID."
                ),
            ),
            MessagingError::KeyTaken => Violation::invalid_field(
                "idempotency_key",
                "ALREADY_USED",
                "This idempotency key was used for a message with another text; take a new key for a new message.",
            ),
            MessagingError::NotOneTarget => Violation::invalid_field(
                "conversation_id",
                "NOT_ONE_TARGET",
                "Give either a conversation or a recipient, and not both.",
            ),
            MessagingError::RecipientIsSender => Violation::new(
                Class::Unprocessable,
                "CANNOT_MESSAGE_SELF",
                "The recipient must be somebody else than you.",
            )
            .on("recipient_id"),
            MessagingError::RecipientUnknown => Violation::new(
                Class::NotFound,
                "USER_NOT_FOUND",
                "There is no user with this id.",
            )
            .on("recipient_id"),
            MessagingError::ConversationUnknown => Violation::new(
                Class::NotFound,
                "CONVERSATION_NOT_FOUND",
                "There is no conversation with this id.",
            )
            .on("conversation_id"),
            MessagingError::NotAParticipant => Violation::new(
                Class::Forbidden,
                "NOT_A_PARTICIPANT",
                "Only its participants may use this conversation.",
            ),
            MessagingError::KeptApart => Violation::new(
                Class::Forbidden,
                "FORBIDDEN",
                "A block keeps the two of you apart: neither can write to the other.",
            ),
            MessagingError::TokenRefused => unauthenticated(),
            MessagingError::MessageElsewhere => Violation::invalid_field(
                "message_id",
                "NOT_IN_CONVERSATION",
                "The message id must be that of a message of this conversation.",
            ),
            MessagingError::TooManyStreams => Violation::new(
                Class::RateLimited,
                "RATE_LIMITED",
                format!(
                    "You have {MAX_STREAMS_OF_ONE} streams open, as many as one person may; close one first."
                ),
            ),
            MessagingError::PositionUnknown => Violation::invalid_field(
                "after",
                "UNKNOWN",
                "`after` must be the id of something that came, or could have come, in this stream.",
            ),
            MessagingError::Fault(fault) => return Self::Fault(fault),
        };
        Self::Violation(violation)
    }
}

fn bad_text(error: TextError) -> Violation {
    match error {
        TextError::Missing => Violation::new(
            Class::Unprocessable,
            "MESSAGE_TEXT_REQUIRED",
            format!(
                "The text is empty or only white space; it must have 1 to {MAX_TEXT_LENGTH} characters."
            ),
        )
        .on("text"),
        TextError::TooLong { length } => Violation::new(
            Class::Unprocessable,
            "MESSAGE_TEXT_TOO_LONG",
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
