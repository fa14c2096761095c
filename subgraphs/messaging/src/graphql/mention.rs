use async_graphql::{Context, ID, Object};
use common::{
    Timestamp,
    error::{Error, Fault},
    graphql::load,
};

use super::{loaders::Reader, message::Message};
use crate::domain;

pub struct Mention(pub domain::Mention);

/// A message that names the viewer by handle and that the viewer may read.
#[Object]
impl Mention {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.as_uuid().into()
    }

    /// The message that names the viewer.
    async fn message(&self, ctx: &Context<'_>) -> async_graphql::Result<Message> {
        let message = load::<Reader, _>(ctx, self.0.message_id)
            .await?
            .ok_or_else(|| Error::from(Fault::internal("a mention in an unreadable message")))?;
        Ok(Message(message))
    }

    /// When the message was sent.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}
