use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use common::graphql::{UserError, payload, viewer};

use super::{conversation::Conversation, message::Message};
use crate::{
    app::{self, App},
    domain::UserId,
};

/// Whom to talk to.
#[derive(InputObject)]
pub struct StartConversationInput {
    /// Somebody else than the viewer.
    recipient_id: ID,
}

/// The outcome of `startConversation`.
#[derive(Default, SimpleObject)]
pub struct StartConversationPayload {
    /// The conversation, whether it was started now or before.
    conversation: Option<Conversation>,
    /// Rules that the input breaks; nothing was done if there are any.
    user_errors: Vec<UserError>,
}

/// What to send and where. Exactly one of `conversationId` and `recipientId`.
#[derive(InputObject)]
pub struct SendMessageInput {
    /// A conversation that the viewer takes part in.
    conversation_id: Option<ID>,
    /// Somebody else than the viewer; their conversation is started when there is none.
    recipient_id: Option<ID>,
    /// 1 to 4,000 characters after white space around it is taken off. `@username` mentions somebody.
    text: String,
    /// 1 to 255 visible ASCII characters, such as a UUID, chosen anew for each message. Sending the same again under the same
    /// key returns the first message and stores no other, so that a request may be retried.
    idempotency_key: Option<String>,
}

/// The outcome of `sendMessage`.
#[derive(Default, SimpleObject)]
pub struct SendMessagePayload {
    /// The message, stored durably.
    message: Option<Message>,
    /// Rules that the input breaks; nothing was done if there are any.
    user_errors: Vec<UserError>,
}

/// How far the viewer has read.
#[derive(InputObject)]
pub struct MarkConversationReadInput {
    /// A conversation that the viewer takes part in.
    conversation_id: ID,
    /// The latest message of it that was read. When a later one is marked as read already, nothing changes.
    message_id: ID,
}

/// The outcome of `markConversationRead`.
#[derive(Default, SimpleObject)]
pub struct MarkConversationReadPayload {
    /// The conversation with its new unread count.
    conversation: Option<Conversation>,
    /// Rules that the input breaks; nothing was done if there are any.
    user_errors: Vec<UserError>,
}

/// Where the viewer types.
#[derive(InputObject)]
pub struct IndicateTypingInput {
    /// A conversation that the viewer takes part in.
    conversation_id: ID,
}

/// The outcome of `indicateTyping`.
#[derive(Default, SimpleObject)]
pub struct IndicateTypingPayload {
    /// The conversation in which the other participant is told.
    conversation_id: Option<ID>,
    /// Rules that the input breaks; nothing was done if there are any.
    user_errors: Vec<UserError>,
}

// Payloads are nullable, so that an error of one mutation leaves the answers of the others in a request.
pub struct Mutation;

#[Object]
impl Mutation {
    /// Starts a conversation with somebody, or finds the one that is there: two people have one. `FORBIDDEN` among the
    /// top-level errors while one of the two blocks the other.
    async fn start_conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom to talk to.")] input: StartConversationInput,
    ) -> async_graphql::Result<Option<StartConversationPayload>> {
        let viewer = viewer(ctx)?;
        let app = ctx.data::<App>()?;
        let started = app.start_conversation(viewer, &input.recipient_id).await;
        Ok(Some(match payload(started)? {
            Ok(started) => StartConversationPayload {
                conversation: Some(Conversation(started.conversation)),
                ..Default::default()
            },
            Err(user_errors) => StartConversationPayload {
                user_errors,
                ..Default::default()
            },
        }))
    }

    /// Sends a message to a conversation, or to somebody. Among the top-level errors: `NOT_A_PARTICIPANT`, and `FORBIDDEN`
    /// while one of the two blocks the other.
    async fn send_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to send and where.")] input: SendMessageInput,
    ) -> async_graphql::Result<Option<SendMessagePayload>> {
        let viewer = viewer(ctx)?;
        let app = ctx.data::<App>()?;
        let request = app::SendMessage {
            conversation_id: input.conversation_id.map(|id| id.0),
            recipient_id: input.recipient_id.map(|id| id.0),
            text: input.text,
            idempotency_key: input.idempotency_key,
        };
        Ok(Some(
            match payload(app.send_message(viewer, request).await)? {
                Ok(message) => SendMessagePayload {
                    message: Some(Message(message)),
                    ..Default::default()
                },
                Err(user_errors) => SendMessagePayload {
                    user_errors,
                    ..Default::default()
                },
            },
        ))
    }

    /// Marks a message and everything before it as read.
    async fn mark_conversation_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How far the viewer has read.")] input: MarkConversationReadInput,
    ) -> async_graphql::Result<Option<MarkConversationReadPayload>> {
        let viewer = UserId::from(viewer(ctx)?.id);
        let app = ctx.data::<App>()?;
        let request = app::MarkRead {
            conversation_id: input.conversation_id.0,
            message_id: input.message_id.0,
        };
        Ok(Some(
            match payload(app.mark_read(viewer, &request).await)? {
                Ok(conversation) => MarkConversationReadPayload {
                    conversation: Some(Conversation(conversation)),
                    ..Default::default()
                },
                Err(user_errors) => MarkConversationReadPayload {
                    user_errors,
                    ..Default::default()
                },
            },
        ))
    }

    /// Tells the other participant of a conversation, if they subscribe to `typing` at this moment, that the viewer types.
    /// Nothing is stored. To be called again every few seconds for as long as the viewer types.
    async fn indicate_typing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where the viewer types.")] input: IndicateTypingInput,
    ) -> async_graphql::Result<Option<IndicateTypingPayload>> {
        let viewer = viewer(ctx)?;
        let app = ctx.data::<App>()?;
        let told = app.indicate_typing(viewer, &input.conversation_id).await;
        Ok(Some(match payload(told)? {
            Ok(conversation) => IndicateTypingPayload {
                conversation_id: Some(conversation.as_uuid().into()),
                ..Default::default()
            },
            Err(user_errors) => IndicateTypingPayload {
                user_errors,
                ..Default::default()
            },
        }))
    }
}
