//! What a request reads is collected and read at once.

use std::{any::TypeId, collections::HashMap, sync::Arc};

use async_graphql::{
    Context, Request,
    dataloader::{DataLoader, Loader},
};
use common::{
    auth::Identity,
    error::{Error, Fault},
    graphql::{viewer, with_loader},
    page::Page,
};

use crate::{
    app::{App, MessageWindow},
    domain::{Conversation, ConversationId, Mention, MentionId, Message, MessageId, UserId},
};

/// Reads on behalf of one viewer, and so only what that viewer may see.
pub struct Reader {
    app: App,
    viewer: UserId,
}

/// Gives a request of a signed-in viewer its reader.
pub fn add(app: &App, request: Request) -> Request {
    let viewer = request
        .data
        .get(&TypeId::of::<Identity>())
        .and_then(|identity| identity.downcast_ref::<Identity>())
        .and_then(Identity::viewer)
        .map(|viewer| UserId(viewer.id));
    match viewer {
        Some(viewer) => {
            let app = app.clone();
            with_loader(request, Reader { app, viewer })
        }
        None => request,
    }
}

/// The reader of the running operation.
pub fn reader<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a DataLoader<Reader>> {
    viewer(ctx)?;
    ctx.data::<DataLoader<Reader>>()
}

/// A fault that every waiting field is told of.
pub fn shared(fault: Arc<Fault>) -> Error {
    Fault::shared(fault).into()
}

impl Loader<ConversationId> for Reader {
    type Value = Conversation;
    type Error = Arc<Fault>;

    async fn load(
        &self,
        ids: &[ConversationId],
    ) -> Result<HashMap<ConversationId, Conversation>, Arc<Fault>> {
        let found = self.app.conversations(self.viewer, ids).await?;
        Ok(found.into_iter().map(|found| (found.id, found)).collect())
    }
}

impl Loader<MessageId> for Reader {
    type Value = Message;
    type Error = Arc<Fault>;

    async fn load(&self, ids: &[MessageId]) -> Result<HashMap<MessageId, Message>, Arc<Fault>> {
        let found = self.app.messages(self.viewer, ids).await?;
        Ok(found.into_iter().map(|found| (found.id, found)).collect())
    }
}

impl Loader<MentionId> for Reader {
    type Value = Mention;
    type Error = Arc<Fault>;

    async fn load(&self, ids: &[MentionId]) -> Result<HashMap<MentionId, Mention>, Arc<Fault>> {
        let found = self.app.mentions_by_id(self.viewer, ids).await?;
        Ok(found.into_iter().map(|found| (found.id, found)).collect())
    }
}

/// Whether people are online, where the viewer may know it.
impl Loader<UserId> for Reader {
    type Value = bool;
    type Error = Arc<Fault>;

    async fn load(&self, users: &[UserId]) -> Result<HashMap<UserId, bool>, Arc<Fault>> {
        Ok(self.app.online(self.viewer, users).await?)
    }
}

impl Loader<MessageWindow> for Reader {
    type Value = Page<Message>;
    type Error = Arc<Fault>;

    async fn load(
        &self,
        windows: &[MessageWindow],
    ) -> Result<HashMap<MessageWindow, Page<Message>>, Arc<Fault>> {
        Ok(self.app.message_pages(self.viewer, windows).await?)
    }
}
