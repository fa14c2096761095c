//! The timeline: the posts of everyone the viewer follows, newest first, put together when it is read
//! (docs/adr/0004-fan-out-on-read.md).
//!
//! [`plan`](super::plan) says how: at most two statements, both bounded, whatever people write and read meanwhile. Each is
//! exact or known not to be, by itself: what is shown is the state of one moment.

use common::{
    auth::Viewer,
    error::Fault,
    page::{Page, Window},
    trace,
};
use sqlx::PgConnection;
use tracing::{Span, field::Empty};

use super::{
    App, PostsError,
    plan::{Plan, Walk, to_i64},
    ports::SocialGraphError,
};
use crate::{
    db,
    domain::{Followees, Post},
};

/// What a viewer is shown.
#[derive(Debug)]
pub enum Timeline {
    Page(Page<Post>),
    /// Whom the viewer follows is not known now: nothing can be shown, and the client is to be told in its protocol.
    Unavailable,
}

impl App {
    /// A page of the viewer's timeline. The viewer's own posts are not on it.
    #[tracing::instrument(skip_all, fields(followees = Empty, plan = Empty))]
    pub async fn timeline(&self, viewer: &Viewer, window: Window) -> Result<Timeline, PostsError> {
        match self.social_graph.followees(viewer).await {
            Ok(followees) => Ok(Timeline::Page(self.newest_of(&followees, window).await?)),
            Err(SocialGraphError::Unauthenticated) => Err(PostsError::TokenRefused),
            Err(error @ SocialGraphError::Unavailable(_)) => {
                tracing::warn!(
                    %error,
                    viewer_id = %viewer.id,
                    trace_id = %trace::current_id(),
                    "a timeline is answered empty"
                );
                Ok(Timeline::Unavailable)
            }
        }
    }

    async fn newest_of(&self, followees: &Followees, window: Window) -> Result<Page<Post>, Fault> {
        let span = Span::current();
        span.record("followees", followees.len());
        if followees.is_empty() {
            span.record("plan", "none");
            return Ok(Page::empty());
        }
        let plan = Plan::of(followees.len(), window);
        let mut conn = self.pool.acquire().await?;
        if let Some(walk) = plan.walk
            && let Some(page) = walked(&mut conn, walk, followees, window).await?
        {
            span.record("plan", walk.name());
            return Ok(page);
        }
        span.record("plan", plan.name());
        let posts = db::timeline::newest_of_each(
            &mut conn,
            followees.as_uuids(),
            window.after,
            to_i64(plan.depth),
            to_i64(window.reach()),
            window.skip(),
        )
        .await?;
        Ok(Page::of(posts, window))
    }
}

/// The page, if the walk finds it.
async fn walked(
    conn: &mut PgConnection,
    walk: Walk,
    followees: &Followees,
    window: Window,
) -> sqlx::Result<Option<Page<Post>>> {
    let (after, page) = (window.after, window.fetch());
    let (posts, is_everything) = match walk {
        Walk::InDatabase { rows } => {
            let authors = followees.as_uuids();
            let rows = to_i64(rows);
            let found =
                db::timeline::newest_among(conn, authors, after, rows, page, window.skip()).await?;
            (found, false)
        }
        Walk::InService { rows } => {
            let mut recent = db::timeline::newest(conn, after, to_i64(rows)).await?;
            let is_everything = recent.len() < rows;
            recent.retain(|post| followees.contains(post.author_id));
            let skipped = recent.len().min(window.reach() - window.limit() - 1);
            recent.drain(..skipped);
            (recent, is_everything)
        }
    };
    let is_exact = is_everything || posts.len() > window.limit();
    Ok(is_exact.then(|| Page::of(posts, window)))
}
