//! What stands on the other side of the process.

use async_trait::async_trait;
use secrecy::SecretString;
use uuid::Uuid;

use crate::domain::Email;

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
