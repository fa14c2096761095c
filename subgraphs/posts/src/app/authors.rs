//! Posts with what the reader is shown beside them. In the graph the router joins the authors; a reader of the REST API
//! has no router that does, so they are asked for here, all of a page at once.

use std::{
    collections::{HashMap, HashSet},
    slice,
};

use common::{auth::Viewer, error::Fault, trace};

use super::App;
use crate::domain::{Post, PostId, UserId, UserSummary};

/// A post as one reader sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPost {
    pub post: Post,
    /// `None` when it is not known now who the author is.
    pub author: Option<UserSummary>,
    /// Whether the viewer likes it; nobody in particular likes nothing.
    pub liked: bool,
}

impl App {
    /// Posts, 100 at most, with their authors and whether the viewer likes them: one question each, however many posts.
    pub async fn shown(
        &self,
        viewer: Option<&Viewer>,
        posts: Vec<Post>,
    ) -> Result<Vec<ShownPost>, Fault> {
        if posts.is_empty() {
            return Ok(Vec::new());
        }
        let ids: Vec<PostId> = posts.iter().map(|post| post.id).collect();
        let liked = async {
            match viewer {
                Some(viewer) => self.liked_among(viewer.id.into(), &ids).await,
                None => Ok(HashSet::new()),
            }
        };
        let (authors, liked) = tokio::join!(self.authors_of(viewer, &posts), liked);
        let liked = liked?;
        Ok(posts
            .into_iter()
            .map(|post| ShownPost {
                author: authors.get(&post.author_id).cloned(),
                liked: liked.contains(&post.id),
                post,
            })
            .collect())
    }

    /// A post that was just written: nobody likes it yet, so that nothing is asked that could fail after it is stored.
    pub async fn shown_new(&self, viewer: &Viewer, post: Post) -> ShownPost {
        let mut authors = self.authors_of(Some(viewer), slice::from_ref(&post)).await;
        ShownPost {
            author: authors.remove(&post.author_id),
            liked: false,
            post,
        }
    }

    /// Nobody when the directory does not answer soon: posts can be read without their authors' names.
    async fn authors_of(
        &self,
        viewer: Option<&Viewer>,
        posts: &[Post],
    ) -> HashMap<UserId, UserSummary> {
        let mut ids: Vec<UserId> = posts.iter().map(|post| post.author_id).collect();
        ids.sort_unstable();
        ids.dedup();
        match self.directory.people(viewer, &ids).await {
            Ok(people) => people
                .into_iter()
                .map(|author| (author.id, author))
                .collect(),
            Err(error) => {
                tracing::warn!(
                    %error,
                    authors = ids.len(),
                    trace_id = %trace::current_id(),
                    "posts are answered without their authors"
                );
                HashMap::new()
            }
        }
    }
}
