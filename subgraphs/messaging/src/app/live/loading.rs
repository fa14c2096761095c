//! The messages and mentions of live events.

use std::collections::HashMap;

use common::error::Fault;

use super::Event;
use crate::{
    app::App,
    domain::{Message, MessageId, UserId},
};

impl App {
    /// The messages of the events among these that are messages, in their order.
    pub async fn messages_in_order(
        &self,
        viewer: UserId,
        events: &[Event],
    ) -> Result<Vec<Message>, Fault> {
        let ids: Vec<MessageId> = events
            .iter()
            .filter_map(|event| match event {
                Event::Message(id) => Some(*id),
                Event::Mention(_) | Event::Typing(_) => None,
            })
            .collect();
        let found = self.messages(viewer, &ids).await?.into_iter();
        let mut found: HashMap<_, _> = found.map(|message| (message.id, message)).collect();
        ids.iter()
            .map(|id| {
                // The viewer of an event may read its message, and messages are never deleted.
                let message = found.remove(id);
                message.ok_or_else(|| Fault::internal("a message of an event is missing"))
            })
            .collect()
    }
}
