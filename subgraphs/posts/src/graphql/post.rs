use async_graphql::{Context, ID, Object};
use common::{Timestamp, graphql::load};

use super::{
    loaders::{LikeOf, Reader},
    user::User,
};
use crate::domain;

pub struct Post(pub domain::Post);

/// A short text that somebody wrote for everybody.
#[Object]
impl Post {
    /// Its id, for ever.
    async fn id(&self) -> ID {
        self.0.id.as_uuid().into()
    }

    /// Who wrote it. Null when the users service cannot be reached.
    async fn author(&self) -> Option<User> {
        Some(User(self.0.author_id))
    }

    /// 1 to 280 characters (Unicode scalar values).
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// How many people like it.
    async fn like_count(&self) -> i32 {
        self.0.like_count
    }

    /// Whether the viewer likes it; false without a token.
    async fn viewer_has_liked(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        let like = load::<Reader, _>(ctx, LikeOf(self.0.id)).await?;
        Ok(like.is_some())
    }

    /// When it was written. An edit does not change it.
    async fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// When its text was last edited; null if it never was.
    async fn edited_at(&self) -> Option<Timestamp> {
        self.0.edited_at
    }
}
