//! Other contexts, as this one needs them.

use std::time::Duration;

use async_trait::async_trait;
use common::auth::Viewer;

use crate::domain::{Handle, UserId, UserSummary};

/// Knows who exists.
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

    /// All that has to be known before the viewer writes to somebody, in one question: as [`UserDirectory::look_up`], and
    /// whether a block keeps the two apart.
    async fn look_up_contact(
        &self,
        viewer: &Viewer,
        contact: UserId,
        handles: &[Handle],
        patience: Duration,
    ) -> Result<Contact, DirectoryError>;
}

/// Somebody to whom the viewer wants to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Whether one of the two blocks the other; which of them, nobody is told.
    pub blocked: bool,
    /// The viewer, the contact and the people of the handles, without those who do not exist.
    pub known: Vec<UserSummary>,
}

/// Why the directory cannot say who exists.
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

/// Why the bus does not work.
pub type BusError = Box<dyn std::error::Error + Send + Sync>;

/// Carries word between the processes of this service. Nothing depends on all of it arriving.
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Tells every process that listens, this one too: at most 8,000 bytes.
    async fn tell(&self, text: &str) -> Result<(), BusError>;

    /// Begins to listen.
    async fn listen(&self) -> Result<Box<dyn Ear>, BusError>;
}

/// Somebody who listens.
#[async_trait]
pub trait Ear: Send {
    /// Waits for what is said next. After an error one has to listen anew.
    async fn hear(&mut self) -> Result<Heard, BusError>;
}

/// What is heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    Word(String),
    /// Before this, something may have been said that was not heard: always so when one begins to listen.
    Gap,
}
