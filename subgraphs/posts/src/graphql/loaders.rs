//! What a request reads is collected and read at once.

use std::{any::TypeId, collections::HashMap, sync::Arc};

use async_graphql::{
    Context, Request,
    dataloader::{DataLoader, Loader},
};
use common::{
    auth::Identity,
    error::{Error, Fault},
    graphql::with_loader,
    page::{Page, Window},
};

use crate::{
    app::App,
    domain::{Post, PostId, UserId},
};

/// Reads on behalf of one viewer, or of nobody in particular.
pub struct Reader {
    app: App,
    viewer: Option<UserId>,
}

/// Gives a request its reader.
pub fn add(app: &App, request: Request) -> Request {
    let viewer = request
        .data
        .get(&TypeId::of::<Identity>())
        .and_then(|identity| identity.downcast_ref::<Identity>())
        .and_then(Identity::viewer)
        .map(|viewer| viewer.id.into());
    let app = app.clone();
    with_loader(request, Reader { app, viewer })
}

/// The reader of the running operation.
pub fn reader<'a>(ctx: &Context<'a>) -> async_graphql::Result<&'a DataLoader<Reader>> {
    ctx.data::<DataLoader<Reader>>()
}

/// A fault that every waiting field is told of.
pub fn shared(fault: Arc<Fault>) -> Error {
    Fault::shared(fault).into()
}

impl Loader<PostId> for Reader {
    type Value = Post;
    type Error = Arc<Fault>;

    async fn load(&self, ids: &[PostId]) -> Result<HashMap<PostId, Post>, Arc<Fault>> {
        let found = self.app.posts(ids).await?;
        Ok(found.into_iter().map(|post| (post.id, post)).collect())
    }
}

/// Whether the viewer likes a post.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LikeOf(pub PostId);

impl Loader<LikeOf> for Reader {
    type Value = ();
    type Error = Arc<Fault>;

    async fn load(&self, posts: &[LikeOf]) -> Result<HashMap<LikeOf, ()>, Arc<Fault>> {
        let Some(viewer) = self.viewer else {
            return Ok(HashMap::new());
        };
        let ids: Vec<_> = posts.iter().map(|post| post.0).collect();
        let liked = self.app.liked_among(viewer, &ids).await?;
        Ok(liked.into_iter().map(|post| (LikeOf(post), ())).collect())
    }
}

impl Loader<(UserId, Window)> for Reader {
    type Value = Page<Post>;
    type Error = Arc<Fault>;

    async fn load(
        &self,
        pages: &[(UserId, Window)],
    ) -> Result<HashMap<(UserId, Window), Page<Post>>, Arc<Fault>> {
        Ok(self.app.pages_of_authors(pages).await?)
    }
}
