//! Mentions: whom a text names, and who is told.

use std::time::Duration;

use common::{
    auth::Viewer,
    page::{Page, Window},
};

use super::{App, MessagingError, ports::KnownUser, starting::RECIPIENT_PATIENCE};
use crate::{
    db,
    domain::{Handle, Mention, UserId},
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
        let rows = db::mentions::list(&mut conn, viewer, window.after, window.fetch()).await?;
        Ok(Page::of(rows, window))
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
        .filter_map(|handle| known.iter().find(|user| user.handle == *handle))
        .map(|user| user.id)
        .collect()
}
