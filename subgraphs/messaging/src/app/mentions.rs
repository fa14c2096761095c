//! Mentions: whom a text names, and who is told.

use std::{collections::HashMap, time::Duration};

use common::{
    auth::Viewer,
    error::Fault,
    page::{Page, Window},
};

use super::{App, MessagingError, ports::KnownUser, starting::RECIPIENT_PATIENCE};
use crate::{
    db,
    domain::{Handle, Mention, Message, UserId},
};

/// How long a message waits for word whom it mentions. It goes out without after that.
const MENTION_PATIENCE: Duration = Duration::from_millis(500);

impl App {
    /// A page of the messages that mention the viewer and that the viewer may read, latest first.
    pub async fn mentions(
        &self,
        viewer: UserId,
        window: Window,
    ) -> Result<Page<Mention>, MessagingError> {
        let mut conn = self.pool.acquire().await?;
        let rows = db::mentions::list(&mut conn, viewer, window).await?;
        Ok(Page::of(rows, window))
    }

    /// The same page with the messages themselves, of which the graph loads its own.
    pub async fn mentions_with_messages(
        &self,
        viewer: UserId,
        window: Window,
    ) -> Result<Page<(Mention, Message)>, MessagingError> {
        let page = self.mentions(viewer, window).await?;
        let ids: Vec<_> = page
            .items
            .iter()
            .map(|mention| mention.message_id)
            .collect();
        let found = self.messages(viewer, &ids).await?;
        let mut messages: HashMap<_, _> = found
            .into_iter()
            .map(|message| (message.id, message))
            .collect();
        let pairs = page.items.into_iter().map(|mention| {
            let message = messages.remove(&mention.message_id);
            let message =
                message.ok_or_else(|| Fault::internal("a mention in an unreadable message"))?;
            Ok((mention, message))
        });
        Ok(Page {
            items: pairs.collect::<Result<_, MessagingError>>()?,
            has_next: page.has_next,
        })
    }

    /// The users that the handles stand for; none when the directory does not answer soon.
    pub(super) async fn resolve_if_possible(
        &self,
        viewer: &Viewer,
        handles: &[Handle],
    ) -> Vec<UserId> {
        if handles.is_empty() {
            return Vec::new();
        }
        let answer = self
            .users
            .look_up(viewer, &[], handles, MENTION_PATIENCE)
            .await;
        match answer {
            Ok(known) => in_order(handles, &known),
            Err(error) => {
                tracing::warn!(%error, handles = handles.len(), "mentions of a message are left out");
                Vec::new()
            }
        }
    }

    /// The same for the first message to somebody. Whether they exist is asked along with the handles, and must be known.
    pub(super) async fn resolve_with_recipient(
        &self,
        viewer: &Viewer,
        recipient: UserId,
        handles: &[Handle],
    ) -> Result<Vec<UserId>, MessagingError> {
        let known = self
            .users
            .look_up(viewer, &[recipient], handles, RECIPIENT_PATIENCE)
            .await?;
        if !known.iter().any(|user| user.id == recipient) {
            return Err(MessagingError::RecipientUnknown);
        }
        Ok(in_order(handles, &known))
    }
}

fn in_order(handles: &[Handle], known: &[KnownUser]) -> Vec<UserId> {
    handles
        .iter()
        .filter_map(|handle| known.iter().find(|user| user.handle() == *handle))
        .map(|user| user.id)
        .collect()
}
