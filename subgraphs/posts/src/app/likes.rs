//! Liking posts.

use std::collections::HashSet;

use common::error::Fault;

use super::{App, AppError, Result};
use crate::{
    db,
    domain::{Post, PostId, UserId},
};

impl App {
    /// Makes sure that the viewer likes a post; again is no different. The post with its count.
    pub async fn like_post(&self, viewer: UserId, id: PostId) -> Result<Post> {
        let mut conn = self.pool.acquire().await?;
        db::likes::add(&mut conn, id, viewer, self.clock.now())
            .await?
            .ok_or(AppError::PostNotFound)
    }

    /// Makes sure that the viewer does not like a post; again is no different. The post with its count.
    pub async fn unlike_post(&self, viewer: UserId, id: PostId) -> Result<Post> {
        let mut conn = self.pool.acquire().await?;
        db::likes::remove(&mut conn, id, viewer)
            .await?
            .ok_or(AppError::PostNotFound)
    }

    /// Those of the posts that the viewer likes.
    pub async fn liked_among(
        &self,
        viewer: UserId,
        posts: &[PostId],
    ) -> Result<HashSet<PostId>, Fault> {
        let mut conn = self.pool.acquire().await?;
        Ok(db::likes::among(&mut conn, viewer, posts).await?)
    }
}
