//! Starting conversations: one for two people, whoever starts it and however often.

use std::time::Duration;

use common::auth::Viewer;
use sqlx::PgConnection;

use super::{App, MessagingError, conversations::as_seen_by};
use crate::{
    db,
    domain::{Conversation, ConversationId, Pair, UserId},
};

/// How long to wait for word whether a recipient exists: without it nothing can be started.
pub(super) const RECIPIENT_PATIENCE: Duration = Duration::from_secs(2);

/// The conversation of two people.
#[derive(Clone, Debug)]
pub struct Started {
    pub conversation: Conversation,
    /// Whether it was started now, and not before.
    pub is_new: bool,
}

impl App {
    /// The conversation of the viewer with somebody, started if there is none. Whether the recipient exists is asked only
    /// then: a conversation that is there can be had with the users service down.
    pub async fn start_conversation(
        &self,
        viewer: &Viewer,
        recipient: &str,
    ) -> Result<Started, MessagingError> {
        let me = UserId(viewer.id);
        let (recipient, pair) = recipient_of(me, recipient)?;
        let existing = {
            let mut conn = self.pool.acquire().await?;
            db::conversations::id_of_pair(&mut conn, pair).await?
        };
        if existing.is_none() {
            let found = self
                .users
                .look_up(viewer, &[recipient], &[], RECIPIENT_PATIENCE)
                .await?;
            if !found.iter().any(|user| user.id == recipient) {
                return Err(MessagingError::RecipientUnknown);
            }
        }
        let mut tx = self.pool.begin().await?;
        let (id, is_new) = match existing {
            Some(id) => (id, false),
            None => self.open(&mut tx, pair).await?,
        };
        let conversation = as_seen_by(&mut tx, me, id).await?;
        tx.commit().await?;
        Ok(Started {
            conversation,
            is_new,
        })
    }

    /// The conversation of two people, and whether it was started now. The constraint `conversations_pair_key` decides
    /// between two who start it at once: the later one waits for the other's transaction and takes its conversation.
    pub(super) async fn open(
        &self,
        conn: &mut PgConnection,
        pair: Pair,
    ) -> Result<(ConversationId, bool), MessagingError> {
        let (id, at) = (ConversationId(self.clock.new_id()), self.clock.now());
        if db::conversations::insert(conn, id, pair, at).await? {
            db::participants::insert(conn, id, pair, at).await?;
            return Ok((id, true));
        }
        let existing = db::conversations::id_of_pair(conn, pair).await?;
        Ok((existing.ok_or(sqlx::Error::RowNotFound)?, false))
    }
}

/// The recipient that a client names, and the pair it makes with the viewer.
pub(super) fn recipient_of(me: UserId, recipient: &str) -> Result<(UserId, Pair), MessagingError> {
    let recipient = UserId::parse(recipient).ok_or(MessagingError::RecipientUnknown)?;
    let pair = Pair::of(me, recipient).ok_or(MessagingError::RecipientIsSender)?;
    Ok((recipient, pair))
}
