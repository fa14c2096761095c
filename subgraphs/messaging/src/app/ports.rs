//! Other contexts, as this one needs them.

use std::time::Duration;

use async_trait::async_trait;
use common::{auth::Viewer, error::Fault};

use crate::domain::{Handle, UserId};

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
    ) -> Result<Vec<KnownUser>, DirectoryError>;
}

/// Somebody who exists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownUser {
    pub id: UserId,
    pub username: String,
    pub display_name: Option<String>,
    pub avatar_url: Option<String>,
}

impl KnownUser {
    /// What a text calls them.
    pub fn handle(&self) -> Handle {
        Handle::of(&self.username)
    }
}

/// Why the directory cannot say who exists.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// It does not answer; it may later.
    #[error("the user directory is unavailable: {0}")]
    Unavailable(Box<dyn std::error::Error + Send + Sync>),
    /// It answers something we do not understand.
    #[error("the user directory answered unexpectedly: {0}")]
    Unexpected(String),
}

impl From<DirectoryError> for Fault {
    fn from(error: DirectoryError) -> Self {
        match error {
            DirectoryError::Unavailable(_) => Self::unavailable(error),
            DirectoryError::Unexpected(_) => Self::internal(error),
        }
    }
}
