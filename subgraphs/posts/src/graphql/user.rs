use async_graphql::{Context, ID, Object, connection::Connection};
use common::{
    error::Error,
    graphql::{First, connection, load},
    page::{Page, Window},
};

use super::{loaders::Reader, post::Post};
use crate::{
    app::{POSTS_OF_AUTHOR, place},
    domain::UserId,
};

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
    ) -> async_graphql::Result<Connection<String, Post>> {
        let window = Window::of(first.0, after.as_deref(), POSTS_OF_AUTHOR).map_err(Error::from)?;
        let page = load::<Reader, _>(ctx, (self.0, window)).await?;
        let page = page.unwrap_or_else(Page::empty);
        Ok(connection(page, window, POSTS_OF_AUTHOR, place, Post))
    }
}
