use async_graphql::{Context, ID, Object};
use common::{
    Timestamp,
    error::{Error, Fault},
    graphql::load,
};

use super::{conversation::Conversation, loaders::Reader, user::User};
use crate::domain;

pub struct Message(pub domain::Message);

/// A message in a conversation.
#[Object]
impl Message {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.as_uuid().into()
    }

    /// The conversation it is part of.
    async fn conversation(&self, ctx: &Context<'_>) -> async_graphql::Result<Conversation> {
        let conversation = load::<Reader, _>(ctx, self.0.conversation_id)
            .await?
            .ok_or_else(|| Error::from(Fault::internal("a message without its conversation")))?;
        Ok(Conversation(conversation))
    }

    /// Who sent it. Null when the users service cannot be reached.
    async fn sender(&self) -> Option<User> {
        Some(User(self.0.sender_id))
    }

    /// What it says: 1 to 4,000 characters.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// The people whose handles (`@username`) in the text were known when it was sent, in the order of the text. They need
    /// not be able to read it.
    async fn mentions(&self) -> Vec<Option<User>> {
        let ids = self.0.mentioned_user_ids.iter();
        ids.map(|id| Some(User(*id))).collect()
    }

    /// When it was sent; never earlier than the message before it.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}
