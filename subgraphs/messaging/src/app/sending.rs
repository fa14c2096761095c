//! Sending messages.

use common::auth::Viewer;
use sqlx::PgConnection;

use super::{
    App, AppError, Result, contacts::ContactCheck, conversations::participates, mentions::in_order,
    starting::recipient_of,
};
use crate::{
    db::{self, conversations::ConversationAccess},
    domain::{
        ConversationId, IdempotencyKey, MentionId, Message, MessageId, MessageText, Pair, UserId,
        handles,
    },
};

/// How refusals are written down.
const SEND: &str = "send_message";

/// What a client asks to send, as it came.
#[derive(Clone, Debug, Default)]
pub struct SendMessage {
    /// Exactly one of this and `recipient_id`.
    pub conversation_id: Option<String>,
    /// Somebody whose conversation with the viewer is started if there is none.
    pub recipient_id: Option<String>,
    pub text: String,
    /// Sending the same again under the same key finds the first message.
    pub idempotency_key: Option<String>,
}

/// Where a message goes.
#[derive(Clone, Copy)]
enum Target {
    Existing(ConversationAccess),
    /// A conversation that has to be started.
    New(Pair),
}

impl Target {
    fn existing(self) -> Option<ConversationAccess> {
        match self {
            Self::Existing(existing) => Some(existing),
            Self::New(_) => None,
        }
    }

    fn participants(self) -> Pair {
        match self {
            Self::Existing(existing) => existing.participants(),
            Self::New(pair) => pair,
        }
    }
}

impl App {
    /// Sends a message: it is committed when this returns.
    pub async fn send_message(&self, viewer: &Viewer, request: SendMessage) -> Result<Message> {
        let sender = UserId::from(viewer.id);
        let text = MessageText::parse(&request.text)?;
        let key = request
            .idempotency_key
            .as_deref()
            .map(|key| IdempotencyKey::parse(key).ok_or(AppError::KeyMalformed))
            .transpose()?;
        let target = self.target(sender, &request).await?;
        // Before the transaction: no connection and no lock waits for another service.
        let handles = handles(text.as_str());
        let check = ContactCheck {
            event: SEND,
            contact: target.participants().other(sender),
            existing: target.existing(),
        };
        let known = self.check_contact(viewer, check, &handles).await?;
        let mentioned = in_order(&handles, &known);
        let mut tx = self.pool.begin().await?;
        let conversation = match target {
            Target::Existing(existing) => existing.id,
            Target::New(pair) => self.open(&mut tx, pair).await?.0,
        };
        let draft = Draft {
            sender,
            conversation,
            text,
            key,
            mentioned,
        };
        let message = self.store(&mut tx, draft).await?;
        tx.commit().await?;
        let Pair { low, high } = target.participants();
        self.live.notify_arrival([low, high]);
        Ok(message)
    }

    async fn target(&self, sender: UserId, request: &SendMessage) -> Result<Target> {
        match (&request.conversation_id, &request.recipient_id) {
            (Some(id), None) => {
                let mut conn = self.pool.acquire().await?;
                let existing = participates(&mut conn, sender, id, SEND).await?;
                Ok(Target::Existing(existing))
            }
            (None, Some(recipient)) => {
                let (_, pair) = recipient_of(sender, recipient)?;
                let mut conn = self.pool.acquire().await?;
                let existing = db::conversations::access_by_pair(&mut conn, pair).await?;
                Ok(existing.map_or(Target::New(pair), Target::Existing))
            }
            (None, None) | (Some(_), Some(_)) => Err(AppError::NotOneTarget),
        }
    }

    /// Stores a message as the next of its conversation, or finds the one that was stored under its key. The lock of the
    /// conversation is held until the transaction ends, so positions become visible in their order and two requests with
    /// one key come here one after the other.
    async fn store(&self, conn: &mut PgConnection, draft: Draft) -> Result<Message> {
        let Draft {
            sender,
            conversation,
            text,
            key,
            mentioned,
        } = draft;
        let head = db::conversations::lock(conn, conversation).await?;
        if let Some(key) = &key
            && let Some(first) = db::messages::by_key(conn, sender, conversation, key).await?
        {
            return if first.text == text.as_str() {
                Ok(first)
            } else {
                Err(AppError::KeyTaken)
            };
        }
        let message = Message {
            id: MessageId::from(self.clock.new_id()),
            conversation_id: conversation,
            seq: head.last_seq + 1,
            sender_id: sender,
            text: text.as_str().to_owned(),
            mentioned_user_ids: mentioned,
            // Another replica's clock may be ahead of ours.
            created_at: self.clock.now().max(head.updated_at),
        };
        db::messages::insert(conn, &message, key.as_ref()).await?;
        db::conversations::set_latest(conn, &message).await?;
        db::participants::receive(conn, &message).await?;
        for user in &message.mentioned_user_ids {
            // Others may not read it, and do not learn of it.
            if head.participants().contains(*user) {
                let id = MentionId::from(self.clock.new_id());
                db::mentions::insert(conn, id, &message, *user).await?;
            }
        }
        Ok(message)
    }
}

/// A message that has no position yet.
struct Draft {
    sender: UserId,
    conversation: ConversationId,
    text: MessageText,
    key: Option<IdempotencyKey>,
    mentioned: Vec<UserId>,
}
