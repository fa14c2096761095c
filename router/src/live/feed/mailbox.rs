//! What a connection has to tell one stream. Most streams have nothing in it most of the time, so it is small.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use tokio::sync::Notify;

/// News for a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// It is open, at this position.
    Opened(String),
    /// Events, and the position behind them.
    Batch(Vec<String>, String),
    /// The service refuses it or has ended it, with this code and message.
    Closed(String, String),
    /// The connection is gone, and the stream with it.
    Lost,
}

#[derive(Default)]
pub(super) struct Mailbox {
    news: Mutex<VecDeque<News>>,
    came: Notify,
}

impl Mailbox {
    pub(super) fn put(&self, news: News) {
        let mut waiting = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push_back(news);
        drop(waiting);
        self.came.notify_one();
    }

    pub(super) async fn next(&self) -> News {
        loop {
            if let Some(news) = self.take() {
                return news;
            }
            self.came.notified().await;
        }
    }

    fn take(&self) -> Option<News> {
        let mut waiting = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        let news = waiting.pop_front();
        if waiting.is_empty() {
            // The room of ten thousand mailboxes that are empty again is worth having back.
            waiting.shrink_to_fit();
        }
        news
    }
}
