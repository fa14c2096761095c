//! Writing, editing and deleting posts.

use common::{audit, auth::Viewer};

use super::{App, AppError, Result, access};
use crate::{
    db,
    domain::{Post, PostId, PostText, UserId},
};

impl App {
    pub async fn create_post(&self, author: UserId, text: &str) -> Result<Post> {
        let post = Post {
            id: self.clock.new_id().into(),
            author_id: author,
            text: PostText::parse(text)?.into(),
            like_count: 0,
            created_at: self.clock.now(),
            edited_at: None,
        };
        let mut conn = self.pool.acquire().await?;
        db::posts::insert(&mut conn, &post).await?;
        Ok(post)
    }

    /// Gives a post of the viewer another text; the same text again counts as an edit too.
    pub async fn edit_post(&self, viewer: &Viewer, id: PostId, text: &str) -> Result<Post> {
        let text = PostText::parse(text)?;
        let mut conn = self.pool.acquire().await?;
        let author = db::posts::author(&mut conn, id)
            .await?
            .ok_or(AppError::PostNotFound)?;
        access::edit(viewer, author).inspect_err(|_refused| {
            let attempt = audit::Event::new("edit_post", &viewer.id, &id);
            attempt.detail(&author).denied("NOT_POST_AUTHOR");
        })?;
        db::posts::update_text(&mut conn, id, author, &text, self.clock.now())
            .await?
            .ok_or(AppError::PostNotFound)
    }

    /// Deletes a post of the viewer with its likes, or, as a moderator, a post of anybody, which is written down.
    pub async fn delete_post(&self, viewer: &Viewer, id: PostId) -> Result<()> {
        let mut conn = self.pool.acquire().await?;
        let author = db::posts::author(&mut conn, id)
            .await?
            .ok_or(AppError::PostNotFound)?;
        let event = || audit::Event::new("delete_post", &viewer.id, &id).detail(&author);
        access::delete(viewer, author).inspect_err(|_refused| event().denied("NOT_POST_AUTHOR"))?;
        if !db::posts::delete(&mut conn, id, author).await? {
            return Err(AppError::PostNotFound);
        }
        if !access::wrote(viewer, author) {
            event().done();
        }
        Ok(())
    }
}
