//! Reading messages.

use std::collections::HashMap;

use common::{
    error::Fault,
    page::{Page, Window},
};

use super::{App, Result, conversations::participates};
use crate::{
    db::{self, messages::SeqRange},
    domain::{ConversationId, Message, MessageId, UserId},
};

/// Which part of a conversation is asked for, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MessageWindow {
    pub conversation: ConversationId,
    pub window: Window,
}

impl MessageWindow {
    /// The message after which it begins. Its id says where it is; times of messages can be equal.
    fn mark(self) -> Option<MessageId> {
        self.window
            .after
            .map(|position| MessageId::from(position.id))
    }
}

impl App {
    /// Those of the messages that the viewer may read, in no order.
    pub async fn messages(&self, viewer: UserId, ids: &[MessageId]) -> Result<Vec<Message>, Fault> {
        let mut conn = self.pool.acquire().await?;
        Ok(db::messages::by_ids(&mut conn, viewer, ids).await?)
    }

    /// A page of one conversation, for somebody who takes part in it. `None` when it is to begin after something that is no
    /// message of this conversation.
    pub async fn messages_of(
        &self,
        viewer: UserId,
        conversation: &str,
        window: Window,
    ) -> Result<Option<Page<Message>>> {
        let conversation = {
            let mut conn = self.pool.acquire().await?;
            participates(&mut conn, viewer, conversation, "read_conversation")
                .await?
                .id
        };
        let window = MessageWindow {
            conversation,
            window,
        };
        let mut pages = self.message_pages(viewer, &[window]).await?;
        Ok(pages.remove(&window))
    }

    /// A page for each window, in one statement however many there are (and one more when some begin after a message). A
    /// window that begins after something that is no message of its conversation has none. Pages of conversations that
    /// the viewer takes no part in are empty.
    pub async fn message_pages(
        &self,
        viewer: UserId,
        windows: &[MessageWindow],
    ) -> Result<HashMap<MessageWindow, Page<Message>>, Fault> {
        let mut conn = self.pool.acquire().await?;
        let marks: Vec<_> = windows.iter().filter_map(|window| window.mark()).collect();
        let positions = if marks.is_empty() {
            Vec::new()
        } else {
            db::messages::positions(&mut conn, &marks).await?
        };
        let positions: HashMap<_, _> = positions
            .iter()
            .map(|position| (position.id, position))
            .collect();
        let position = |window: &MessageWindow| match window.mark() {
            // Positions have no gaps: to leave out messages is to begin after a position.
            None => Some(window.window.skip()),
            Some(mark) => positions
                .get(&mark)
                .filter(|position| position.conversation == window.conversation)
                .map(|position| position.seq),
        };
        let (known, ranges): (Vec<_>, Vec<_>) = windows
            .iter()
            .filter_map(|window| {
                let range = SeqRange {
                    conversation: window.conversation,
                    after: position(window)?,
                    limit: window.window.fetch(),
                };
                Some((*window, range))
            })
            .unzip();
        let mut rows = vec![Vec::new(); known.len()];
        for (index, message) in db::messages::in_ranges(&mut conn, viewer, &ranges).await? {
            if let Some(rows) = rows.get_mut(index) {
                rows.push(message);
            }
        }
        let pages = known
            .into_iter()
            .zip(rows)
            .map(|(window, rows)| (window, Page::of(rows, window.window)))
            .collect();
        Ok(pages)
    }
}
