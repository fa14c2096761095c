use async_graphql::{Context, ID, Object, Result};
use common::graphql::{First, identity};

use super::{
    answer, application,
    loaders::{Handle, load},
    user::User,
};
use crate::domain::{UserId, Username};

/// What can be asked.
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
        Ok(load(ctx, Handle(username.folded())).await?.map(User::from))
    }

    /// Handle autocomplete, case-insensitive, in alphabetical order. Nobody when no handle can begin with the prefix.
    #[graphql(complexity = "first.cost(child_complexity)")]
    async fn search_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The beginning of a handle, 1 to 30 characters.")] prefix: String,
        #[graphql(default, desc = "How many at most, from 1 to 100.")] first: First<10>,
    ) -> Result<Vec<User>> {
        let found = answer(application(ctx)?.search(&prefix, first.0).await)?;
        Ok(found.into_iter().map(User::from).collect())
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
    Ok(load(ctx, id).await?.map(User::from))
}
