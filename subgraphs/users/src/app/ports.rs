//! What stands on the other side of the process.

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::SecretString;
use uuid::Uuid;

use crate::domain::{AvatarName, Email};

/// A mail, ready to go.
#[derive(Debug)]
pub struct Mail {
    /// The same for each attempt to send it, so that a mailbox can tell a repetition.
    pub id: Uuid,
    pub to: Email,
    pub subject: &'static str,
    /// Plain text, ASCII. It carries a token.
    pub text: SecretString,
}

/// Why a mail was not taken. Logged and kept with the mail; it never reaches a client.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MailError(pub String);

/// Takes mails to where they are delivered from.
#[async_trait]
pub trait Mailer: Send + Sync + 'static {
    /// Returns once the other side has taken responsibility for the mail; bounded in time.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// Why the store of avatars did not do something. Logged; it never reaches a client.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StoreError(pub String);

/// Keeps avatars outside of the database. Everything is bounded in time.
#[async_trait]
pub trait AvatarStore: Send + Sync + 'static {
    /// Returns once the picture will outlive a crash. After an error it may be there or not.
    async fn put(&self, name: &AvatarName, picture: Bytes) -> Result<(), StoreError>;

    /// The picture of a name; `None` when there is none.
    async fn get(&self, name: &AvatarName) -> Result<Option<Bytes>, StoreError>;

    /// Deletes the picture of a name, if there is one.
    async fn delete(&self, name: &AvatarName) -> Result<(), StoreError>;
}
