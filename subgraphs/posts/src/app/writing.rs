//! Writing, editing and deleting posts.

use common::trace;
use sqlx::PgConnection;

use super::{App, PostsError};
use crate::{
    db,
    domain::{Post, PostId, PostText, UserId},
};

impl App {
    pub async fn create_post(&self, author: UserId, text: &str) -> Result<Post, PostsError> {
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
    pub async fn edit_post(
        &self,
        viewer: UserId,
        id: PostId,
        text: &str,
    ) -> Result<Post, PostsError> {
        let text = PostText::parse(text)?;
        let mut conn = self.pool.acquire().await?;
        let edited = db::posts::update_text(&mut conn, id, viewer, &text, self.clock.now()).await?;
        match edited {
            Some(post) => Ok(post),
            None => Err(refusal(&mut conn, viewer, id, "edit_post").await?),
        }
    }

    /// Deletes a post of the viewer with its likes.
    pub async fn delete_post(&self, viewer: UserId, id: PostId) -> Result<(), PostsError> {
        let mut conn = self.pool.acquire().await?;
        if db::posts::delete(&mut conn, id, viewer).await? {
            return Ok(());
        }
        Err(refusal(&mut conn, viewer, id, "delete_post").await?)
    }
}

/// Why the viewer has no such post: there is none, or it is somebody else's, which is worth a line in the audit log.
async fn refusal(
    conn: &mut PgConnection,
    viewer: UserId,
    id: PostId,
    action: &'static str,
) -> Result<PostsError, PostsError> {
    Ok(match db::posts::author(conn, id).await? {
        // The viewer's own after all: deleted since, or about to be.
        Some(author) if author != viewer => {
            tracing::warn!(
                target: "audit",
                action,
                outcome = "denied",
                code = "NOT_POST_AUTHOR",
                viewer_id = %viewer,
                post_id = %id,
                author_id = %author,
                trace_id = %trace::current_id(),
                "somebody tried to change a post of somebody else"
            );
            PostsError::NotPostAuthor
        }
        Some(_) | None => PostsError::PostUnknown,
    })
}
