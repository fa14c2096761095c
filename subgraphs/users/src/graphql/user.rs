use async_graphql::{Context, ID, Object, Result};
use common::{
    Timestamp,
    error::Error,
    graphql::{First, identity, load},
    page::{Page, Window},
};

use super::{
    connection::{UserConnection, connection},
    loaders::{List, Reader},
};
use crate::{
    app::{Relation, access},
    domain::{self, Block, Follow, UserId},
};

/// Somebody with an account.
pub struct User {
    user: domain::User,
    /// Whether the answer goes to the user itself though the request carries no token: it has just proven who it is.
    to_itself: bool,
}

impl From<domain::User> for User {
    fn from(user: domain::User) -> Self {
        Self {
            user,
            to_itself: false,
        }
    }
}

impl User {
    /// Somebody who has just proven to be this user.
    pub(super) fn itself(user: domain::User) -> Self {
        Self {
            user,
            to_itself: true,
        }
    }

    async fn list(
        &self,
        ctx: &Context<'_>,
        relation: Relation,
        first: i32,
        after: Option<String>,
    ) -> Result<UserConnection> {
        let kind = relation.cursor_kind();
        let window = Window::of(first, after.as_deref(), kind).map_err(Error::from)?;
        let list = List {
            of: self.user.id,
            relation,
            window,
        };
        let page = load::<Reader, _>(ctx, list)
            .await?
            .unwrap_or_else(Page::empty);
        let total = match relation {
            Relation::Followers => self.user.follower_count,
            Relation::Followees => self.user.followee_count,
        };
        Ok(connection(page, window, kind, total))
    }
}

/// Somebody with an account.
#[Object]
impl User {
    /// A UUIDv7.
    async fn id(&self) -> ID {
        self.user.id.to_string().into()
    }

    /// The handle, as its owner spells it; unique regardless of case.
    async fn username(&self) -> &str {
        &self.user.username
    }

    /// The name to show, if the user has given one.
    async fn display_name(&self) -> Option<&str> {
        self.user.display_name.as_deref()
    }

    /// What the user says about themselves.
    async fn bio(&self) -> Option<&str> {
        self.user.bio.as_deref()
    }

    /// Where a picture of the user is.
    async fn avatar_url(&self) -> Option<&str> {
        self.user.avatar_url.as_deref()
    }

    /// When the account was made.
    async fn created_at(&self) -> Timestamp {
        self.user.created_at
    }

    /// Only for the user itself; null for anyone else.
    async fn email(&self, ctx: &Context<'_>) -> Option<&str> {
        let viewer = identity(ctx).viewer();
        let viewer = viewer.map(|viewer| UserId::from(viewer.id));
        let sees = self.to_itself || access::sees_email(viewer, self.user.id);
        sees.then_some(&*self.user.email)
    }

    /// How many follow the user.
    async fn follower_count(&self) -> i32 {
        self.user.follower_count
    }

    /// How many the user follows.
    async fn followee_count(&self) -> i32 {
        self.user.followee_count
    }

    /// Who follows the user, the newest first.
    #[graphql(complexity = "first.cost(child_complexity)")]
    async fn followers(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "How many at most, from 1 to 100.")] first: First<20>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<UserConnection> {
        self.list(ctx, Relation::Followers, first.0, after).await
    }

    /// Whom the user follows, the newest first.
    #[graphql(complexity = "first.cost(child_complexity)")]
    async fn followees(
        &self,
        ctx: &Context<'_>,
        #[graphql(default, desc = "How many at most, from 1 to 100.")] first: First<20>,
        #[graphql(desc = "The `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<UserConnection> {
        self.list(ctx, Relation::Followees, first.0, after).await
    }

    /// Whether the signed-in user follows this one; false without a token.
    async fn viewer_is_following(&self, ctx: &Context<'_>) -> Result<bool> {
        let Some(viewer) = identity(ctx).viewer() else {
            return Ok(false);
        };
        let follow = Follow {
            follower: UserId::from(viewer.id),
            followee: self.user.id,
        };
        Ok(load::<Reader, _>(ctx, follow).await?.is_some())
    }

    /// Whether the signed-in user blocks this one; false without a token. Whether this one blocks the signed-in user is told
    /// to nobody but this one.
    async fn viewer_is_blocking(&self, ctx: &Context<'_>) -> Result<bool> {
        let Some(viewer) = identity(ctx).viewer() else {
            return Ok(false);
        };
        let block = Block {
            blocker: UserId::from(viewer.id),
            blocked: self.user.id,
        };
        Ok(load::<Reader, _>(ctx, block).await?.is_some())
    }
}
