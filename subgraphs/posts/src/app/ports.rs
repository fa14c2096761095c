//! Other contexts, as this one needs them.

use async_trait::async_trait;
use common::auth::Viewer;

use crate::domain::{Followees, UserId, UserSummary};

/// Knows who follows whom.
#[async_trait]
pub trait SocialGraph: Send + Sync + 'static {
    /// Whom the viewer follows now: never an earlier state, however the answer was come by.
    async fn followees(&self, viewer: &Viewer) -> Result<Followees, SocialGraphError>;
}

/// Why it is not known whom the viewer follows.
#[derive(Debug, thiserror::Error)]
pub enum SocialGraphError {
    /// The viewer's token is not accepted there.
    #[error("the users service does not accept the viewer's token")]
    Unauthenticated,
    /// It does not answer, or nothing we understand; it may later.
    #[error("the social graph is unavailable: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl SocialGraphError {
    pub fn unavailable(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unavailable(source.into())
    }
}

/// Knows who people are.
#[async_trait]
pub trait UserDirectory: Send + Sync + 'static {
    /// Those of the people who exist, on behalf of a viewer or of nobody in particular; 100 ids at most.
    async fn people(
        &self,
        viewer: Option<&Viewer>,
        ids: &[UserId],
    ) -> Result<Vec<UserSummary>, DirectoryError>;
}

/// Why it is not known who people are.
#[derive(Debug, thiserror::Error)]
#[error("the user directory is unavailable: {0}")]
pub struct DirectoryError(#[source] Box<dyn std::error::Error + Send + Sync>);

impl DirectoryError {
    pub fn new(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(source.into())
    }
}
