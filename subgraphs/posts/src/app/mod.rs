//! What people can do with posts, and the rules for it. Both APIs are thin over this.

mod access;
mod authors;
mod error;
mod likes;
mod plan;
pub mod ports;
mod reading;
mod timeline;
mod writing;

use std::sync::Arc;

use common::clock::SharedClock;
use sqlx::PgPool;

pub use authors::ShownPost;
pub use error::PostsError;
pub use reading::{POSTS_OF_AUTHOR, TIMELINE, place};
pub use timeline::Timeline;

use crate::db;
use ports::{SocialGraph, UserDirectory};

/// Everything the use cases need; cheap to clone.
#[derive(Clone)]
pub struct App {
    pool: PgPool,
    clock: SharedClock,
    social_graph: Arc<dyn SocialGraph>,
    directory: Arc<dyn UserDirectory>,
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
        }
    }

    /// Whether the database answers. The users service is not asked: most of this one works without it.
    pub async fn is_ready(&self) -> bool {
        common::postgres::is_ready(&self.pool).await
    }
}
