//! The users service as the user directory: `POST /internal/users/lookup`.

use std::time::Duration;

use async_trait::async_trait;
use common::{
    auth::Viewer,
    upstream::{Call, Upstream},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    app::ports::{DirectoryError, KnownUser, UserDirectory},
    domain::{Handle, UserId},
};

/// The users service, asked with the viewer's own token.
#[derive(Clone)]
pub struct UsersService(Upstream);

impl UsersService {
    pub fn new(upstream: Upstream) -> Self {
        Self(upstream)
    }
}

#[derive(Serialize)]
struct Question<'a> {
    ids: Vec<Uuid>,
    usernames: Vec<&'a str>,
}

#[derive(Deserialize)]
struct Found {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    id: Uuid,
    username: String,
    display_name: Option<String>,
    avatar_url: Option<String>,
}

#[async_trait]
impl UserDirectory for UsersService {
    async fn look_up(
        &self,
        viewer: &Viewer,
        ids: &[UserId],
        handles: &[Handle],
        patience: Duration,
    ) -> Result<Vec<KnownUser>, DirectoryError> {
        let question = Question {
            ids: ids.iter().map(|id| id.0).collect(),
            usernames: handles.iter().map(Handle::as_str).collect(),
        };
        let call = Call::lookup("/internal/users/lookup", &question)
            .map_err(|error| DirectoryError::Unexpected(error.to_string()))?
            .on_behalf_of(&viewer.authorization())
            .within(patience);
        let answer = self
            .0
            .call(&call)
            .await
            .map_err(|error| DirectoryError::Unavailable(error.into()))?;
        if !answer.status.is_success() {
            return Err(DirectoryError::Unexpected(format!(
                "status {}",
                answer.status
            )));
        }
        let found: Found = serde_json::from_slice(&answer.body)
            .map_err(|error| DirectoryError::Unexpected(error.to_string()))?;
        Ok(found
            .items
            .into_iter()
            .map(|item| KnownUser {
                id: UserId(item.id),
                username: item.username,
                display_name: item.display_name,
                avatar_url: item.avatar_url,
            })
            .collect())
    }
}
