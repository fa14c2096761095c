//! What the fields of a request load in batches.

use std::collections::HashMap;

use async_graphql::{Request, dataloader::Loader};
use common::{
    graphql::{LoadError, viewer_of, with_loader},
    page::{Page, Window},
};

use crate::{
    app::App,
    domain::{Post, PostId, UserId},
};

/// Loads on behalf of the viewer of a request, if it has one.
pub struct Reader {
    app: App,
    viewer: Option<UserId>,
}

/// Gives a request its reader.
pub fn add(app: &App, request: Request) -> Request {
    let viewer = viewer_of(&request).map(|viewer| viewer.id.into());
    let app = app.clone();
    with_loader(request, Reader { app, viewer })
}

impl Loader<PostId> for Reader {
    type Value = Post;
    type Error = LoadError;

    async fn load(&self, ids: &[PostId]) -> Result<HashMap<PostId, Post>, LoadError> {
        let found = self.app.posts(ids).await?;
        Ok(found.into_iter().map(|post| (post.id, post)).collect())
    }
}

/// Loads as `()` where the viewer likes the post, and as nothing where not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LikeOf(pub PostId);

impl Loader<LikeOf> for Reader {
    type Value = ();
    type Error = LoadError;

    async fn load(&self, posts: &[LikeOf]) -> Result<HashMap<LikeOf, ()>, LoadError> {
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
    type Error = LoadError;

    async fn load(
        &self,
        pages: &[(UserId, Window)],
    ) -> Result<HashMap<(UserId, Window), Page<Post>>, LoadError> {
        Ok(self.app.pages_of_authors(pages).await?)
    }
}
