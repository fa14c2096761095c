//! What the fields of a request load in batches.

use std::collections::HashMap;

use async_graphql::{Request, dataloader::Loader};
use common::{
    auth::unauthenticated,
    graphql::{LoadError, viewer_of, with_loader},
    page::Page,
};

use crate::{
    app::{App, MessageWindow},
    domain::{Conversation, ConversationId, Mention, MentionId, Message, MessageId, UserId},
};

/// Loads on behalf of the viewer of a request, and so only what that viewer may see.
pub struct Reader {
    app: App,
    viewer: Option<UserId>,
}

/// Gives a request its reader.
pub fn add(app: &App, request: Request) -> Request {
    let viewer = viewer_of(&request).map(|viewer| viewer.id.into());
    let app = app.clone();
    with_loader(request, Reader { app, viewer })
}

impl Reader {
    fn viewer(&self) -> Result<UserId, LoadError> {
        Ok(self.viewer.ok_or_else(unauthenticated)?)
    }
}

impl Loader<ConversationId> for Reader {
    type Value = Conversation;
    type Error = LoadError;

    async fn load(
        &self,
        ids: &[ConversationId],
    ) -> Result<HashMap<ConversationId, Conversation>, LoadError> {
        let found = self.app.conversations(self.viewer()?, ids).await?;
        Ok(found.into_iter().map(|found| (found.id, found)).collect())
    }
}

impl Loader<MessageId> for Reader {
    type Value = Message;
    type Error = LoadError;

    async fn load(&self, ids: &[MessageId]) -> Result<HashMap<MessageId, Message>, LoadError> {
        let found = self.app.messages(self.viewer()?, ids).await?;
        Ok(found.into_iter().map(|found| (found.id, found)).collect())
    }
}

impl Loader<MentionId> for Reader {
    type Value = Mention;
    type Error = LoadError;

    async fn load(&self, ids: &[MentionId]) -> Result<HashMap<MentionId, Mention>, LoadError> {
        let found = self.app.mentions_by_id(self.viewer()?, ids).await?;
        Ok(found.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// Whether people are online, where the viewer may know it.
impl Loader<UserId> for Reader {
    type Value = bool;
    type Error = LoadError;

    async fn load(&self, users: &[UserId]) -> Result<HashMap<UserId, bool>, LoadError> {
        Ok(self.app.online(self.viewer()?, users).await?)
    }
}

impl Loader<MessageWindow> for Reader {
    type Value = Page<Message>;
    type Error = LoadError;

    async fn load(
        &self,
        windows: &[MessageWindow],
    ) -> Result<HashMap<MessageWindow, Page<Message>>, LoadError> {
        Ok(self.app.message_pages(self.viewer()?, windows).await?)
    }
}
