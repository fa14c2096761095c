use async_graphql::{ID, Subscription};
use futures_util::stream::{Empty, empty};

use super::{mention::Mention, message::Message, user::User};

pub struct Subscription;

// Describes the events for the supergraph. The router runs subscriptions: it follows a stream of references under
// `common::relay` and asks for the entity of each event by query. No transport of this service runs these fields.
/// What comes as it happens.
#[Subscription]
impl Subscription {
    /// Messages in the viewer's conversations, or in one of them, the viewer's own included: in the order of each
    /// conversation, each at least once. `after` first replays what came later than that message.
    async fn message_received(
        &self,
        #[graphql(name = "conversationId", desc = "Only messages of this conversation.")]
        _conversation_id: Option<ID>,
        #[graphql(
            name = "after",
            desc = "The id of the last message that the client has."
        )]
        _after: Option<ID>,
    ) -> Empty<Message> {
        empty()
    }

    /// Messages that name the viewer by handle and that the viewer may read. `after` first replays what came later than
    /// that mention.
    async fn mention_received(
        &self,
        #[graphql(
            name = "after",
            desc = "The id of the last mention that the client has."
        )]
        _after: Option<ID>,
    ) -> Empty<Mention> {
        empty()
    }

    /// Whoever else types in a conversation of the viewer, at the moment of the event and for some seconds after it. Not
    /// stored: what a client does not hear at once it does not hear.
    async fn typing(
        &self,
        #[graphql(name = "conversationId", desc = "The conversation.")] _conversation_id: ID,
    ) -> Empty<User> {
        empty()
    }
}
