use async_graphql::{Context, ID, Object, connection::Connection};
use common::{
    error::Error,
    graphql::{First, connection, load, viewer},
    page::Window,
};

use super::{
    conversation::Conversation, loaders::Reader, mention::Mention, message::Message, user::User,
};
use crate::{
    app::{App, CONVERSATIONS, MENTIONS, place_of_conversation, place_of_mention},
    domain::{ConversationId, MentionId, MessageId, UserId},
};

pub struct Query;

#[Object]
impl Query {
    /// The viewer's conversations, the one with the latest message first.
    #[graphql(complexity = "first.cost(child_complexity)")]
    async fn conversations(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "How many at most, from 1 to 100.")] first: First<20>,
        #[graphql(desc = "The cursor of the conversation after which to begin.")] after: Option<
            String,
        >,
    ) -> async_graphql::Result<Connection<String, Conversation>> {
        let viewer = UserId::from(viewer(ctx)?.id);
        let window = Window::of(first.0, after.as_deref(), CONVERSATIONS).map_err(Error::from)?;
        let page = ctx
            .data::<App>()?
            .inbox(viewer, window)
            .await
            .map_err(Error::from)?;
        Ok(connection(
            page,
            window,
            CONVERSATIONS,
            place_of_conversation,
            Conversation,
        ))
    }

    /// A conversation by id; null when there is none that the viewer takes part in.
    async fn conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> async_graphql::Result<Option<Conversation>> {
        viewer(ctx)?;
        let Some(id) = ConversationId::parse(&id) else {
            return Ok(None);
        };
        Ok(load::<Reader, _>(ctx, id).await?.map(Conversation))
    }

    /// Messages that name the viewer by handle and that the viewer may read, latest first.
    #[graphql(complexity = "first.cost(child_complexity)")]
    async fn mentions(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "How many at most, from 1 to 100.")] first: First<20>,
        #[graphql(desc = "The cursor of the mention after which to begin.")] after: Option<String>,
    ) -> async_graphql::Result<Connection<String, Mention>> {
        let viewer = UserId::from(viewer(ctx)?.id);
        let window = Window::of(first.0, after.as_deref(), MENTIONS).map_err(Error::from)?;
        let page = ctx
            .data::<App>()?
            .mentions(viewer, window)
            .await
            .map_err(Error::from)?;
        Ok(connection(
            page,
            window,
            MENTIONS,
            place_of_mention,
            Mention,
        ))
    }

    /// A message by id; null when there is none that the viewer may read.
    async fn message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> async_graphql::Result<Option<Message>> {
        viewer(ctx)?;
        let Some(id) = MessageId::parse(&id) else {
            return Ok(None);
        };
        Ok(load::<Reader, _>(ctx, id).await?.map(Message))
    }

    /// A mention of the viewer by id; null when there is none.
    async fn mention(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> async_graphql::Result<Option<Mention>> {
        viewer(ctx)?;
        let Some(id) = MentionId::parse(&id) else {
            return Ok(None);
        };
        Ok(load::<Reader, _>(ctx, id).await?.map(Mention))
    }

    #[graphql(entity)]
    async fn find_conversation_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<Option<Conversation>> {
        self.conversation(ctx, id).await
    }

    #[graphql(entity)]
    async fn find_message_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<Option<Message>> {
        self.message(ctx, id).await
    }

    #[graphql(entity)]
    async fn find_mention_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<Option<Mention>> {
        self.mention(ctx, id).await
    }

    // Whether there is such a user, the users context says; here it is somebody who may be online.
    #[graphql(entity)]
    async fn find_user_by_id(&self, id: ID) -> Option<User> {
        UserId::parse(&id).map(User)
    }
}
