use async_graphql::{Context, ID, Object};
use common::{error::Error, graphql::First, page::Window};

use super::{
    connection::{PostConnection, connection},
    loaders::{reader, shared},
};
use crate::{app::POSTS_OF_AUTHOR, domain::UserId};

// The type belongs to the users context, which describes it; this one adds the posts.
pub struct User(pub UserId);

#[Object]
impl User {
    async fn id(&self) -> ID {
        self.0.as_uuid().into()
    }

    /// What the user wrote, newest first.
    #[graphql(complexity = "first.cost(child_complexity)")]
    async fn posts(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "How many at most, from 1 to 100.")] first: First<20>,
        #[graphql(desc = "The cursor of the post after which to begin.")] after: Option<String>,
    ) -> async_graphql::Result<PostConnection> {
        let window = Window::of(first.0, after.as_deref(), POSTS_OF_AUTHOR).map_err(Error::from)?;
        let page = reader(ctx)?.load_one((self.0, window)).await;
        let page = page
            .map_err(shared)?
            .unwrap_or_else(common::page::Page::empty);
        Ok(connection(page, window, POSTS_OF_AUTHOR))
    }
}
