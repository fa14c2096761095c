//! Other contexts, as this one needs them.

use std::time::Duration;

use async_trait::async_trait;
use common::auth::Viewer;

use crate::domain::{Handle, UserId, UserSummary};

/// The directory of users.
#[async_trait]
pub trait UserDirectory: Send + Sync + 'static {
    /// The users of these ids and of these handles, on the viewer's behalf; unknown ones are left out. Answers or fails
    /// within `patience`.
    async fn look_up(
        &self,
        viewer: &Viewer,
        ids: &[UserId],
        handles: &[Handle],
        patience: Duration,
    ) -> Result<Vec<UserSummary>, DirectoryError>;

    /// Looks up users as [`UserDirectory::look_up`] does and, in the same request, whether a block separates the viewer and
    /// the contact.
    async fn look_up_contact(
        &self,
        viewer: &Viewer,
        contact: UserId,
        handles: &[Handle],
        patience: Duration,
    ) -> Result<Contact, DirectoryError>;
}

/// The answer about the recipient of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Whether one of the two blocks the other; the direction is secret.
    pub blocked: bool,
    /// The viewer, the contact and the people of the handles, without those who do not exist.
    pub known: Vec<UserSummary>,
}

/// A failed look-up in the directory.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The viewer's token is not accepted there.
    #[error("the user directory does not accept the viewer's token")]
    Unauthenticated,
    /// It does not answer; it may later.
    #[error("the user directory is unavailable: {0}")]
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
    /// It answers something we do not understand.
    #[error("the user directory answered unexpectedly: {0}")]
    Unexpected(String),
}

/// A failure of the bus.
pub type BusError = Box<dyn std::error::Error + Send + Sync>;

/// Carries messages between the processes of this service. Messages may be lost.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Publishes at most 8,000 bytes to every subscribed process, this one included.
    async fn publish(&self, text: &str) -> Result<(), BusError>;

    /// Opens a subscription.
    async fn subscribe(&self) -> Result<Box<dyn BusSubscription>, BusError>;
}

/// A subscription to the bus.
#[async_trait]
pub trait BusSubscription: Send {
    /// Waits for the next message. After an error the caller must subscribe again.
    async fn receive(&mut self) -> Result<Received, BusError>;
}

/// An item of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Received {
    Message(String),
    /// Messages before this may have been missed; always the first item of a subscription.
    Gap,
}
