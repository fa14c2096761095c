//! Why a use case was not carried out.

use common::{
    auth::unauthenticated,
    error::{Class, Error, Fault, Violation},
};
use kit::TextError;

use super::{MAX_STREAMS_PER_USER, ports::DirectoryError};
use crate::domain::MAX_KEY_LENGTH;

common::error_codes! {
    CANNOT_MESSAGE_SELF,
    CONVERSATION_NOT_FOUND,
    FORBIDDEN,
    MESSAGE_TEXT_REQUIRED,
    MESSAGE_TEXT_TOO_LONG,
    NOT_A_PARTICIPANT,
    RATE_LIMITED,
    USER_NOT_FOUND,
}

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error("the text is not valid for a message: {0:?}")]
    BadText(TextError),
    #[error("the idempotency key is malformed")]
    KeyMalformed,
    #[error("the idempotency key was used for another text")]
    KeyTaken,
    #[error("not exactly one of conversation and recipient is given")]
    NotOneTarget,
    #[error("the recipient is the sender")]
    RecipientIsSender,
    #[error("the recipient does not exist")]
    RecipientNotFound,
    #[error("the conversation does not exist")]
    ConversationNotFound,
    #[error("the viewer is not a participant of the conversation")]
    NotAParticipant,
    /// One of the two users blocks the other. Neither is told which.
    #[error("one of the two users blocks the other")]
    KeptApart,
    #[error("another service rejected the viewer's token")]
    TokenRefused,
    #[error("the message is not of this conversation")]
    MessageElsewhere,
    #[error("the viewer has too many open streams")]
    TooManyStreams,
    #[error("the stream has no event with this id")]
    PositionUnknown,
    #[error(transparent)]
    Fault(#[from] Fault),
}

pub type Result<T, E = AppError> = std::result::Result<T, E>;

impl From<sqlx::Error> for AppError {
    fn from(error: sqlx::Error) -> Self {
        Self::Fault(error.into())
    }
}

impl From<DirectoryError> for AppError {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Unauthenticated => Self::TokenRefused,
            DirectoryError::Unavailable(_) => Self::Fault(Fault::unavailable(error)),
            DirectoryError::Unexpected(_) => Self::Fault(Fault::internal(error)),
        }
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
            AppError::BadText(error) => {
                error.violation(MESSAGE_TEXT_REQUIRED, MESSAGE_TEXT_TOO_LONG)
            }
            AppError::KeyMalformed => Violation::invalid_field(
                "idempotency_key",
                "MALFORMED",
                format!(
                    "The idempotency key must be 1 to {MAX_KEY_LENGTH} visible ASCII characters, such as a UUID."
                ),
            ),
            AppError::KeyTaken => Violation::invalid_field(
                "idempotency_key",
                "ALREADY_USED",
                "This idempotency key was used for a message with another text; take a new key for a new message.",
            ),
            AppError::NotOneTarget => Violation::invalid_field(
                "conversation_id",
                "NOT_ONE_TARGET",
                "Give either a conversation or a recipient, and not both.",
            ),
            AppError::RecipientIsSender => Violation::new(
                Class::Unprocessable,
                CANNOT_MESSAGE_SELF,
                "The recipient must be somebody else than you.",
            )
            .on("recipient_id"),
            AppError::RecipientNotFound => Violation::new(
                Class::NotFound,
                USER_NOT_FOUND,
                "There is no user with this id.",
            )
            .on("recipient_id"),
            AppError::ConversationNotFound => Violation::new(
                Class::NotFound,
                CONVERSATION_NOT_FOUND,
                "There is no conversation with this id.",
            )
            .on("conversation_id"),
            AppError::NotAParticipant => Violation::new(
                Class::Forbidden,
                NOT_A_PARTICIPANT,
                "Only its participants may use this conversation.",
            ),
            AppError::KeptApart => Violation::new(
                Class::Forbidden,
                FORBIDDEN,
                "A block keeps the two of you apart: neither can write to the other.",
            ),
            AppError::TokenRefused => unauthenticated(),
            AppError::MessageElsewhere => Violation::invalid_field(
                "message_id",
                "NOT_IN_CONVERSATION",
                "The message id must be that of a message of this conversation.",
            ),
            AppError::TooManyStreams => Violation::new(
                Class::RateLimited,
                RATE_LIMITED,
                format!(
                    "You have {MAX_STREAMS_PER_USER} streams open, as many as one person may; close one first."
                ),
            ),
            AppError::PositionUnknown => Violation::invalid_field(
                "after",
                "UNKNOWN",
                "`after` must be the id of something that came, or could have come, in this stream.",
            ),
            AppError::Fault(fault) => return Self::Fault(fault),
        };
        Self::Violation(violation)
    }
}
