//! Reading posts, one by one and of an author. Anybody may.

use std::collections::{HashMap, hash_map::Entry};

use common::{
    error::Fault,
    page::{CursorKind, Keyset, Page, Window},
};

use super::App;
use crate::{
    db,
    domain::{Post, PostId, UserId},
};

/// Cursors of the timeline, and of an author's posts; the same in both APIs.
pub const TIMELINE: CursorKind = CursorKind(b't');
pub const POSTS_OF_AUTHOR: CursorKind = CursorKind(b'a');

/// The place of a post in every list of posts: newest first, and where times are equal, by id.
pub fn place(post: &Post) -> Keyset {
    Keyset {
        at: post.created_at,
        id: post.id.as_uuid(),
    }
}

impl App {
    /// Those of the posts that exist, in no order.
    pub async fn posts(&self, ids: &[PostId]) -> Result<Vec<Post>, Fault> {
        let mut conn = self.pool.acquire().await?;
        Ok(db::posts::by_ids(&mut conn, ids).await?)
    }

    /// A page of an author's posts, newest first, for each of the pairs: one statement for each window among them, however
    /// many authors. Somebody unknown has no posts.
    pub async fn pages_of_authors(
        &self,
        pages: &[(UserId, Window)],
    ) -> Result<HashMap<(UserId, Window), Page<Post>>, Fault> {
        let mut authors_by_window: HashMap<Window, Vec<UserId>> = HashMap::new();
        for (author, window) in pages {
            authors_by_window.entry(*window).or_default().push(*author);
        }
        let mut rows: HashMap<(UserId, Window), Vec<Post>> =
            pages.iter().map(|page| (*page, Vec::new())).collect();
        let mut conn = self.pool.acquire().await?;
        for (window, authors) in authors_by_window {
            for post in db::posts::list_by_authors(&mut conn, &authors, window).await? {
                if let Entry::Occupied(mut of_author) = rows.entry((post.author_id, window)) {
                    of_author.get_mut().push(post);
                }
            }
        }
        Ok(rows
            .into_iter()
            .map(|(page, posts)| (page, Page::of(posts, page.1)))
            .collect())
    }
}
