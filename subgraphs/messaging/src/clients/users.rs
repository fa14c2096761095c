//! The users service as the user directory: `POST /internal/users/lookup`.

use std::time::Duration;

use async_trait::async_trait;
use common::{
    auth::Viewer,
    upstream::{Call, Upstream},
};
use serde::{Deserialize, Serialize};

use crate::{
    app::ports::{Contact, DirectoryError, UserDirectory},
    domain::{Handle, UserId, UserSummary},
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
    ids: Vec<UserId>,
    usernames: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<UserId>,
}

#[derive(Deserialize)]
struct Found {
    items: Vec<UserSummary>,
    contact_blocked: Option<bool>,
}

impl UsersService {
    async fn ask(
        &self,
        viewer: &Viewer,
        question: &Question<'_>,
        patience: Duration,
    ) -> Result<Found, DirectoryError> {
        let call = Call::lookup("/internal/users/lookup", question)
            .map_err(|error| DirectoryError::Unexpected(error.to_string()))?
            .on_behalf_of(viewer.authorization())
            .within(patience);
        let answer = self
            .0
            .call(&call)
            .await
            .map_err(|error| DirectoryError::Unavailable(error.into()))?;
        match answer.status.as_u16() {
            200 => serde_json::from_slice(&answer.body)
                .map_err(|error| DirectoryError::Unexpected(error.to_string())),
            401 => Err(DirectoryError::Unauthenticated),
            status => Err(DirectoryError::Unexpected(format!("status {status}"))),
        }
    }
}

#[async_trait]
impl UserDirectory for UsersService {
    async fn look_up(
        &self,
        viewer: &Viewer,
        ids: &[UserId],
        handles: &[Handle],
        patience: Duration,
    ) -> Result<Vec<UserSummary>, DirectoryError> {
        let question = Question {
            ids: ids.to_vec(),
            usernames: handles.iter().map(Handle::as_str).collect(),
            contact_id: None,
        };
        let found = self.ask(viewer, &question, patience).await?;
        Ok(found.items)
    }

    async fn look_up_contact(
        &self,
        viewer: &Viewer,
        contact: UserId,
        handles: &[Handle],
        patience: Duration,
    ) -> Result<Contact, DirectoryError> {
        let question = Question {
            ids: vec![viewer.id.into(), contact],
            usernames: handles.iter().map(Handle::as_str).collect(),
            contact_id: Some(contact),
        };
        let found = self.ask(viewer, &question, patience).await?;
        let blocked = found.contact_blocked.ok_or_else(|| {
            DirectoryError::Unexpected("it does not say whether the contact is blocked".to_owned())
        })?;
        Ok(Contact {
            blocked,
            known: found.items,
        })
    }
}
