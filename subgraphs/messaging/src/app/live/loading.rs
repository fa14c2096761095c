//! What events are about.

use std::collections::HashMap;

use common::error::Fault;

use super::Event;
use crate::{
    app::App,
    domain::{Mention, MentionId, Message, MessageId, UserId},
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
        let found = self.messages(viewer, &ids).await?;
        in_order(&ids, found.into_iter().map(|message| (message.id, message)))
    }

    /// The mentions of the events among these that are mentions, in their order.
    pub async fn mentions_in_order(
        &self,
        viewer: UserId,
        events: &[Event],
    ) -> Result<Vec<Mention>, Fault> {
        let ids: Vec<MentionId> = events
            .iter()
            .filter_map(|event| match event {
                Event::Mention(id) => Some(*id),
                Event::Message(_) | Event::Typing(_) => None,
            })
            .collect();
        let found = self.mentions_by_id(viewer, &ids).await?;
        in_order(&ids, found.into_iter().map(|mention| (mention.id, mention)))
    }
}

fn in_order<I, T>(ids: &[I], found: impl Iterator<Item = (I, T)>) -> Result<Vec<T>, Fault>
where
    I: std::hash::Hash + Eq,
{
    let mut found: HashMap<_, _> = found.collect();
    ids.iter()
        .map(|id| {
            // Whoever was told of it may read it, and nothing is ever deleted.
            let item = found.remove(id);
            item.ok_or_else(|| Fault::internal("something that arrived is not there"))
        })
        .collect()
}
