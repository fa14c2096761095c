use async_graphql::{Context, ID, Object};

use common::graphql::{identity, load};

use super::loaders::Reader;
use crate::domain::UserId;

// The type belongs to the users context, which describes it; this one adds whether somebody is there.
pub struct User(pub UserId);

#[Object]
impl User {
    async fn id(&self) -> ID {
        self.0.as_uuid().into()
    }

    /// Whether the user has a live stream open anywhere. Only for the user and for those who have a conversation with them,
    /// unless a block was between the two when they last wrote; null for anyone else.
    async fn is_online(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<bool>> {
        if identity(ctx).viewer().is_none() {
            return Ok(None);
        }
        load::<Reader, _>(ctx, self.0).await
    }
}
