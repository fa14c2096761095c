use async_graphql::{
    Context, ErrorExtensionValues, ID, Object, ServerError, connection::Connection,
};
use common::{
    error::{Error, Fault},
    graphql::{First, connection, load, viewer},
    page::{Page, Window},
    trace,
};

use super::{loaders::Reader, post::Post, user::User};
use crate::{
    app::{App, TIMELINE, Timeline, place},
    domain::{PostId, UserId},
};

pub struct Query;

#[Object]
impl Query {
    /// A post by id; null when there is none.
    async fn post(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id.")] id: ID,
    ) -> async_graphql::Result<Option<Post>> {
        let Some(id) = PostId::parse(&id) else {
            return Ok(None);
        };
        Ok(load::<Reader, _>(ctx, id).await?.map(Post))
    }

    /// Posts of everyone the viewer follows, newest first. When the users service cannot be reached, it is empty and
    /// `errors` has an entry `SERVICE_UNAVAILABLE` for it.
    #[graphql(complexity = "first.cost(child_complexity)")]
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "How many at most, from 1 to 100.")] first: First<20>,
        #[graphql(desc = "The cursor of the post after which to begin.")] after: Option<String>,
    ) -> async_graphql::Result<Connection<String, Post>> {
        let viewer = viewer(ctx)?;
        let window = Window::of(first.0, after.as_deref(), TIMELINE).map_err(Error::from)?;
        let timeline = ctx.data::<App>()?.timeline(viewer, window).await;
        let page = match timeline.map_err(Error::from)? {
            Timeline::Page(page) => page,
            Timeline::Unavailable => {
                ctx.add_error(unavailable(ctx));
                Page::empty()
            }
        };
        Ok(connection(page, window, TIMELINE, place, Post))
    }

    #[graphql(entity)]
    async fn find_post_by_id(
        &self,
        ctx: &Context<'_>,
        id: ID,
    ) -> async_graphql::Result<Option<Post>> {
        self.post(ctx, id).await
    }

    // Whether there is such a user, the users context says; here it is somebody who may have posts.
    #[graphql(entity)]
    async fn find_user_by_id(&self, id: ID) -> Option<User> {
        UserId::parse(&id).map(User)
    }
}

/// The error entry beside a field that is answered in part. The cause is in the log already.
fn unavailable(ctx: &Context<'_>) -> ServerError {
    let fault = Fault::unavailable("the users service");
    let mut extensions = ErrorExtensionValues::default();
    extensions.set("code", fault.code());
    extensions.set("traceId", trace::current_id());
    let mut error = ServerError::new(fault.public_message(), Some(ctx.item.pos));
    error.extensions = Some(extensions);
    ctx.set_error_path(error)
}
