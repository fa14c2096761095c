//! Events of one stream that are not consumed yet. Most inboxes are empty most of the time, so an empty one is small.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

/// An event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FeedEvent {
    /// The stream is open, at this position.
    Opened(String),
    /// IDs of entities, and the position after them.
    Batch(Vec<String>, String),
    /// The service refused or ended the stream, with this code and message.
    Closed(String, String),
    /// The connection was lost, and the stream with it.
    Lost,
}

#[derive(Default)]
pub(super) struct StreamInbox {
    events: Mutex<VecDeque<FeedEvent>>,
    arrived: Notify,
}

impl StreamInbox {
    pub(super) fn push(&self, event: FeedEvent) {
        let mut waiting = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(event);
        drop(waiting);
        self.arrived.notify_one();
    }

    pub(super) async fn next(&self) -> FeedEvent {
        loop {
            if let Some(event) = self.pop() {
                return event;
            }
            self.arrived.notified().await;
        }
    }

    fn pop(&self) -> Option<FeedEvent> {
        let mut waiting = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let event = waiting.pop_front();
        if waiting.is_empty() {
            // Ten thousand inboxes that stay empty should not keep their buffers.
            waiting.shrink_to_fit();
        }
        event
    }
}
