//! What people can do with posts, and the rules for it. Both APIs are thin over this.

mod access;
mod authors;
mod error;
mod index;
mod likes;
mod metrics;
mod plan;
pub mod ports;
mod reading;
mod timeline;
mod writing;

use std::sync::Arc;

use common::clock::SharedClock;
use prometheus::Registry;
use sqlx::PgPool;

pub use authors::ShownPost;
pub use error::{AppError, ERROR_CODES, Result};
pub use reading::{POSTS_OF_AUTHOR, TIMELINE, place};
pub use timeline::Timeline;

use crate::db;
use index::Index;
use metrics::Metrics;
use ports::{SocialGraph, UserDirectory};

/// Everything the use cases need; cheap to clone.
#[derive(Clone)]
pub struct App {
    pool: PgPool,
    clock: SharedClock,
    social_graph: Arc<dyn SocialGraph>,
    directory: Arc<dyn UserDirectory>,
    metrics: Arc<Metrics>,
    /// For timelines, if there is memory for it.
    index: Option<Arc<Index>>,
}

impl App {
    /// Takes the pool over before it opened a connection: its connections plan statements as this context needs it.
    pub fn new(
        pool: PgPool,
        clock: SharedClock,
        social_graph: Arc<dyn SocialGraph>,
        directory: Arc<dyn UserDirectory>,
    ) -> Self {
        db::plans::fix(&pool);
        Self {
            pool,
            clock,
            social_graph,
            directory,
            metrics: Arc::new(Metrics::new()),
            index: None,
        }
    }

    /// Adds an index of posts that takes at most `max_bytes`; 0 means no index. The caller loads it ([`App::load_index`])
    /// and runs [`App::maintain_index`].
    #[must_use]
    pub fn with_index(mut self, max_bytes: usize) -> Self {
        self.index = (max_bytes > 0).then(|| {
            Arc::new(Index::new(
                max_bytes,
                self.pool.clone(),
                self.metrics.clone(),
            ))
        });
        self
    }

    /// What this context counts.
    pub fn metrics(&self) -> Registry {
        self.metrics.registry()
    }

    pub(crate) fn pool(&self) -> &PgPool {
        &self.pool
    }
}
