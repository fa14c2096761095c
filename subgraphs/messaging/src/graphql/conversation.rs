use async_graphql::{Context, ID, Object, connection::Connection};
use common::{
    Timestamp,
    error::{Error, Violation},
    graphql::{First, connection, load},
    page::Window,
};

use super::{loaders::Reader, message::Message, user::User};
use crate::{
    app::{MESSAGES, MessageWindow, place_of_message},
    domain,
};

pub struct Conversation(pub domain::Conversation);

/// A conversation between two people, as the viewer, who is one of them, sees it.
#[Object]
impl Conversation {
    /// Its id.
    async fn id(&self) -> ID {
        self.0.id.as_uuid().into()
    }

    /// The two people, the viewer being one of them, always in the same order.
    async fn participants(&self) -> Vec<Option<User>> {
        let pair = self.0.participants();
        vec![Some(User(pair.low)), Some(User(pair.high))]
    }

    /// Its messages, oldest first. None is ever inserted before one that was shown already.
    #[graphql(complexity = "first.cost(child_complexity)")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "How many at most, from 1 to 100.")] first: First<50>,
        #[graphql(desc = "The cursor of the message after which to begin.")] after: Option<String>,
    ) -> async_graphql::Result<Connection<String, Message>> {
        let window = Window::of(first.0, after.as_deref(), MESSAGES).map_err(Error::from)?;
        let list = MessageWindow {
            conversation: self.0.id,
            window,
        };
        let page = load::<Reader, _>(ctx, list).await?.ok_or_else(|| {
            Error::from(Violation::invalid_field(
                "after",
                "INVALID_CURSOR",
                "`after` is no cursor of this conversation; pass `endCursor` of the page before, or leave it out.",
            ))
        })?;
        Ok(connection(
            page,
            window,
            MESSAGES,
            place_of_message,
            Message,
        ))
    }

    /// The latest message; null as long as there is none.
    async fn latest_message(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Message>> {
        let Some(id) = self.0.latest_message_id else {
            return Ok(None);
        };
        Ok(load::<Reader, _>(ctx, id).await?.map(Message))
    }

    /// How many messages of the other the viewer has not marked as read.
    async fn unread_count(&self) -> i32 {
        self.0.unread_count
    }

    /// When the latest message was sent, or when the conversation was started as long as there is none.
    async fn updated_at(&self) -> Timestamp {
        self.0.updated_at
    }
}
