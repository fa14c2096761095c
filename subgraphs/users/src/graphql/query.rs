use async_graphql::{Context, ID, Object, Result};
use common::{
    error::Error,
    graphql::{First, identity, load, viewer},
    page::Window,
};

use super::{
    answer, application,
    connection::{UserConnection, connection},
    loaders::{Handle, Reader},
    own_sessions::Session,
    user::User,
    viewer_id,
};
use crate::{
    app::BLOCKS,
    domain::{UserId, Username},
};

pub struct Query;

/// What can be asked.
#[Object]
impl Query {
    /// The signed-in user; null without a token.
    async fn viewer(&self, ctx: &Context<'_>) -> Result<Option<User>> {
        match identity(ctx).viewer() {
            Some(viewer) => by_id(ctx, UserId::from(viewer.id)).await,
            None => Ok(None),
        }
    }

    /// The user with an id; null when nobody has it.
    async fn user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of a user.")] id: ID,
    ) -> Result<Option<User>> {
        by_text(ctx, &id).await
    }

    /// The user with a handle, in any case; null when nobody has it.
    async fn user_by_username(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A handle, without an @ before it.")] username: String,
    ) -> Result<Option<User>> {
        let Ok(username) = Username::parse(&username) else {
            return Ok(None);
        };
        Ok(load::<Reader, _>(ctx, Handle(username.folded()))
            .await?
            .map(User::from))
    }

    /// Handle autocomplete, case-insensitive, in alphabetical order. Nobody when no handle can begin with the prefix. People
    /// who block the signed-in user, or whom that user blocks, are left out.
    #[graphql(complexity = "first.cost(child_complexity)")]
    async fn search_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The beginning of a handle, 1 to 30 characters.")] prefix: String,
        #[graphql(default, desc = "How many at most, from 1 to 100.")] first: First<10>,
    ) -> Result<Vec<User>> {
        let viewer = identity(ctx).viewer();
        let viewer = viewer.map(|viewer| UserId::from(viewer.id));
        let found = answer(application(ctx)?.search(viewer, &prefix, first.0).await)?;
        Ok(found.into_iter().map(User::from).collect())
    }

    /// Whom the signed-in user blocks, the newest first. Nobody else sees it.
    #[graphql(complexity = "first.cost(child_complexity)")]
    async fn blocked_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "How many at most, from 1 to 100.")] first: First<20>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<UserConnection> {
        let (viewer, app) = (viewer_id(ctx)?, application(ctx)?);
        let window = Window::of(first.0, after.as_deref(), BLOCKS).map_err(Error::from)?;
        let page = answer(app.blocked(viewer, window).await)?;
        let total = answer(app.blocked_count(viewer).await)?;
        Ok(connection(page, window, BLOCKS, total))
    }

    /// Where the signed-in user is signed in, the session used last first: 100 at most.
    async fn sessions(&self, ctx: &Context<'_>) -> Result<Vec<Session>> {
        let viewer = viewer(ctx)?;
        let sessions = answer(application(ctx)?.sessions(viewer.id.into()).await)?.into_iter();
        Ok(sessions
            .map(|session| Session::of(session, viewer.session))
            .collect())
    }

    /// The user that another subgraph refers to.
    #[graphql(entity)]
    async fn find_user_by_id(&self, ctx: &Context<'_>, id: ID) -> Result<Option<User>> {
        by_text(ctx, &id).await
    }
}

async fn by_text(ctx: &Context<'_>, id: &ID) -> Result<Option<User>> {
    match UserId::parse(id) {
        Some(id) => by_id(ctx, id).await,
        None => Ok(None),
    }
}

async fn by_id(ctx: &Context<'_>, id: UserId) -> Result<Option<User>> {
    Ok(load::<Reader, _>(ctx, id).await?.map(User::from))
}
