//! Mentions: whom a text names, and who is told.

use std::collections::HashMap;

use common::{
    error::Fault,
    page::{Page, Window},
};

use super::{App, Result};
use crate::{
    db,
    domain::{Handle, Mention, MentionId, Message, UserId, UserSummary},
};

impl App {
    /// Those of the mentions that are of the viewer, in no order.
    pub async fn mentions_by_id(
        &self,
        viewer: UserId,
        ids: &[MentionId],
    ) -> Result<Vec<Mention>, Fault> {
        let mut conn = self.pool.acquire().await?;
        Ok(db::mentions::by_ids(&mut conn, viewer, ids).await?)
    }

    /// A page of the messages that mention the viewer and that the viewer may read, latest first.
    pub async fn mentions(&self, viewer: UserId, window: Window) -> Result<Page<Mention>> {
        let mut conn = self.pool.acquire().await?;
        let rows = db::mentions::list(&mut conn, viewer, window).await?;
        Ok(Page::of(rows, window))
    }

    /// The same page with the messages themselves, of which the graph loads its own.
    pub async fn mentions_with_messages(
        &self,
        viewer: UserId,
        window: Window,
    ) -> Result<Page<(Mention, Message)>> {
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
            items: pairs.collect::<Result<_>>()?,
            has_next: page.has_next,
        })
    }
}

/// The users that the handles stand for.
pub(super) fn in_order(handles: &[Handle], known: &[UserSummary]) -> Vec<UserId> {
    handles
        .iter()
        .filter_map(|handle| {
            known
                .iter()
                .find(|user| Handle::of(&user.username) == *handle)
        })
        .map(|user| user.id)
        .collect()
}
