//! The timeline: the posts of everyone the viewer follows, newest first, put together when it is read
//! (docs/adr/0004-fan-out-on-read.md).
//!
//! The [`index`](super::index) says which posts are on the page, and one statement reads them and what has changed. While
//! there is no index, [`plan`](super::plan) says how: at most two statements, both bounded, whatever people write and read
//! meanwhile. Either way what is shown is the state of one moment.

use std::time::Instant;

use common::{
    auth::Viewer,
    error::Fault,
    page::{Page, Window},
    trace,
};
use sqlx::PgConnection;
use tracing::{Span, field::Empty};
use uuid::Uuid;

use super::{
    App, AppError,
    index::Settled,
    plan::{Plan, Walk, to_i64},
    ports::SocialGraphError,
};
use crate::{
    db,
    domain::{Followees, Post},
};

/// How often the index is asked for a page before the database looks for it alone: while somebody reads, posts that belong
/// on the page come seldom, and hardly ever three times.
const PROPOSALS: usize = 3;

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
    pub async fn timeline(&self, viewer: &Viewer, window: Window) -> Result<Timeline, AppError> {
        match self.social_graph.followees(viewer).await {
            Ok(followees) => Ok(Timeline::Page(self.newest_of(&followees, window).await?)),
            Err(SocialGraphError::Unauthenticated) => Err(AppError::TokenRefused),
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
        let start = Instant::now();
        let (page, plan) = match self.indexed(followees, window).await? {
            Some(found) => found,
            None => planned(&mut *self.pool.acquire().await?, followees, window).await?,
        };
        span.record("plan", plan);
        self.metrics.page_found(plan, start.elapsed());
        Ok(page)
    }

    /// The page with the help of the index, if it can help.
    async fn indexed(&self, followees: &Followees, window: Window) -> Result<Option<Found>, Fault> {
        let Some(index) = &self.index else {
            return Ok(None);
        };
        for _ in 0..PROPOSALS {
            let Some(proposal) = index.propose(followees, window) else {
                return Ok(None);
            };
            let since = proposal.moment.clone();
            let (posts, changes, plan) = match proposal.candidates() {
                None => {
                    let Some((posts, changes)) = index.read_posts(proposal.ids(), since).await
                    else {
                        return Ok(None);
                    };
                    (posts, changes, "index")
                }
                Some(authors) => {
                    let posts = merged(&mut *self.pool.acquire().await?, &authors, window).await?;
                    // Later than the posts: if nothing has changed until now, nothing had when they were read.
                    let Some((_none, changes)) = index.read_posts(Vec::new(), since).await else {
                        return Ok(None);
                    };
                    (posts, changes, "index_then_merge")
                }
            };
            let settled = proposal.settle(posts, followees, &changes, window);
            // Changes that were cut off lead nowhere, however often it is asked.
            if !index.take(&changes) || !changes.is_complete {
                return Ok(None);
            }
            match settled {
                Settled::Page(posts) => return Ok(Some((Page::of(posts, window), plan))),
                Settled::AskAgain => self.metrics.proposal_did_not_hold(),
                Settled::Contradicted => {
                    index.forget("it has posts that are not there");
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }
}

/// A page, and the plan that found it as traces and metrics name it.
type Found = (Page<Post>, &'static str);

/// The page by the database alone.
async fn planned(
    conn: &mut PgConnection,
    followees: &Followees,
    window: Window,
) -> sqlx::Result<Found> {
    let plan = Plan::of(followees.len(), window);
    if let Some(walk) = plan.walk
        && let Some(page) = walked(conn, walk, followees, window).await?
    {
        return Ok((page, walk.name()));
    }
    let posts = merged(conn, followees.as_uuids(), window).await?;
    Ok((Page::of(posts, window), plan.name()))
}

async fn merged(
    conn: &mut PgConnection,
    authors: &[Uuid],
    window: Window,
) -> sqlx::Result<Vec<Post>> {
    let depth = Plan::of(authors.len(), window).depth;
    db::timeline::newest_of_each(
        conn,
        authors,
        window.after,
        to_i64(depth),
        to_i64(window.reach()),
        window.skip(),
    )
    .await
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
