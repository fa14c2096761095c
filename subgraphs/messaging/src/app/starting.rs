//! Starting conversations: one for two people, whoever starts it and however often.

use common::auth::Viewer;
use sqlx::PgConnection;

use super::{App, AppError, Result, access, contacts::ContactCheck, conversations::as_seen_by};
use crate::{
    db,
    domain::{Conversation, ConversationId, Pair, UserId, UserSummary},
};

/// The conversation of two people.
#[derive(Clone, Debug)]
pub struct Started {
    pub conversation: Conversation,
    /// Whether it was started now, and not before.
    pub is_new: bool,
    /// Those of the two who are known now: whoever exists, or nobody while the users service does not answer.
    known: Vec<UserSummary>,
}

impl Started {
    /// The two people, always in the same order; who they are is `None` when it is not known now.
    pub fn participants(&self) -> [(UserId, Option<&UserSummary>); 2] {
        let pair = self.conversation.participants();
        [pair.low, pair.high].map(|id| (id, self.known.iter().find(|user| user.id == id)))
    }
}

impl App {
    /// The conversation of the viewer with somebody, started if there is none. One that is there can be had with the users
    /// service down; whether the recipient of a new one exists has to be known.
    pub async fn start_conversation(&self, viewer: &Viewer, recipient: &str) -> Result<Started> {
        let me = UserId::from(viewer.id);
        let (recipient, pair) = recipient_of(me, recipient)?;
        let existing = {
            let mut conn = self.pool.acquire().await?;
            db::conversations::access_by_pair(&mut conn, pair).await?
        };
        let check = ContactCheck {
            event: "start_conversation",
            contact: recipient,
            existing,
        };
        let known = self.check_contact(viewer, check, &[]).await?;
        let mut tx = self.pool.begin().await?;
        let (id, is_new) = match existing {
            Some(existing) => (existing.id, false),
            None => self.open(&mut tx, pair).await?,
        };
        let conversation = as_seen_by(&mut tx, me, id).await?;
        tx.commit().await?;
        Ok(Started {
            conversation,
            is_new,
            known,
        })
    }

    /// The conversation of two people, and whether it was started now. The constraint `conversations_pair_key` decides
    /// between two who start it at once: the later one waits for the other's transaction and takes its conversation.
    pub(super) async fn open(
        &self,
        conn: &mut PgConnection,
        pair: Pair,
    ) -> Result<(ConversationId, bool)> {
        let (id, at) = (ConversationId::from(self.clock.new_id()), self.clock.now());
        if db::conversations::insert(conn, id, pair, at).await? {
            db::participants::insert(conn, id, pair, at).await?;
            return Ok((id, true));
        }
        let existing = db::conversations::access_by_pair(conn, pair).await?;
        Ok((existing.ok_or(sqlx::Error::RowNotFound)?.id, false))
    }
}

/// The recipient that a client names, and the pair it makes with the viewer.
pub(super) fn recipient_of(me: UserId, recipient: &str) -> Result<(UserId, Pair)> {
    let recipient = UserId::parse(recipient).ok_or(AppError::RecipientNotFound)?;
    let pair = access::write_to(me, recipient)?;
    Ok((recipient, pair))
}
