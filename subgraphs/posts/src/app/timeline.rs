//! The timeline: the posts of everyone the viewer follows, newest first, put together when it is read
//! (docs/adr/0004-fan-out-on-read.md).
//!
//! The [`index`](super::index) proposes the posts of the page, and one statement reads them and confirms the page
//! (`db/changes.rs`). Without an index, [`plan`](super::plan) chooses at most two bounded statements (`db/timeline.rs`).
//! Either way a page shows one consistent state of the database.

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
    index::Confirmation,
    plan::{Plan, RecencyScan, to_i64},
    ports::SocialGraphError,
};
use crate::{
    db,
    domain::{Followees, Post},
};

/// Limits the candidate pages before the database finds the page: a page seldom changes while it is read, and hardly ever
/// three times.
const MAX_CANDIDATE_PAGES: usize = 3;

/// The result of a timeline request.
#[derive(Debug)]
pub enum Timeline {
    Page(Page<Post>),
    /// The followees of the viewer are unknown at present; the adapter tells the client in its protocol.
    Unavailable,
}

impl App {
    /// A page of the viewer's timeline. The viewer's own posts are not on it.
    #[tracing::instrument(skip_all, fields(followees = Empty, plan = Empty))]
    pub async fn timeline(&self, viewer: &Viewer, window: Window) -> Result<Timeline, AppError> {
        match self.social_graph.followees(viewer).await {
            Ok(followees) => Ok(Timeline::Page(self.newest_posts(&followees, window).await?)),
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

    async fn newest_posts(
        &self,
        followees: &Followees,
        window: Window,
    ) -> Result<Page<Post>, Fault> {
        let span = Span::current();
        span.record("followees", followees.len());
        if followees.is_empty() {
            span.record("plan", "none");
            return Ok(Page::empty());
        }
        let start = Instant::now();
        let (page, plan) = match self.page_by_index(followees, window).await? {
            Some(found) => found,
            None => page_by_database(&mut *self.pool.acquire().await?, followees, window).await?,
        };
        span.record("plan", plan);
        self.metrics.page_found(plan, start.elapsed());
        Ok(page)
    }

    /// The page by the index; `None` if the index cannot be used.
    async fn page_by_index(
        &self,
        followees: &Followees,
        window: Window,
    ) -> Result<Option<FoundPage>, Fault> {
        let Some(index) = &self.index else {
            return Ok(None);
        };
        for _ in 0..MAX_CANDIDATE_PAGES {
            let Some(candidates) = index.candidate_page(followees, window) else {
                return Ok(None);
            };
            let since = candidates.read_point.clone();
            let (posts, changes, plan) = match candidates.authors_to_merge() {
                None => {
                    let Some((posts, changes)) = index.read_posts(candidates.ids(), since).await
                    else {
                        return Ok(None);
                    };
                    (posts, changes, "index")
                }
                Some(authors) => {
                    let posts = merge(&mut *self.pool.acquire().await?, &authors, window).await?;
                    // Read after the posts: if nothing has changed by now, nothing had when the posts were read.
                    let Some((_none, changes)) = index.read_posts(Vec::new(), since).await else {
                        return Ok(None);
                    };
                    (posts, changes, "index_then_merge")
                }
            };
            let confirmation = candidates.confirm(posts, followees, &changes, window);
            // Truncated changes cannot advance the index, so another candidate page would not help.
            if !index.apply_changes(&changes) || !changes.is_complete {
                return Ok(None);
            }
            match confirmation {
                Confirmation::Page(posts) => return Ok(Some((Page::of(posts, window), plan))),
                Confirmation::Retry => self.metrics.page_retried(),
                Confirmation::Contradicted => {
                    index.drop_index("it has posts that are not there");
                    return Ok(None);
                }
            }
        }
        Ok(None)
    }
}

/// A page, and the name of the plan that found it in traces and metrics.
type FoundPage = (Page<Post>, &'static str);

/// The page by the database alone, without the index.
async fn page_by_database(
    conn: &mut PgConnection,
    followees: &Followees,
    window: Window,
) -> sqlx::Result<FoundPage> {
    let plan = Plan::of(followees.len(), window);
    if let Some(scan) = plan.scan
        && let Some(page) = scan_recent(conn, scan, followees, window).await?
    {
        return Ok((page, scan.name()));
    }
    let posts = merge(conn, followees.as_uuids(), window).await?;
    Ok((Page::of(posts, window), plan.name()))
}

async fn merge(
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

/// The page, if the scan finds it.
async fn scan_recent(
    conn: &mut PgConnection,
    scan: RecencyScan,
    followees: &Followees,
    window: Window,
) -> sqlx::Result<Option<Page<Post>>> {
    let (after, page) = (window.after, window.fetch());
    let (posts, is_everything) = match scan {
        RecencyScan::InDatabase { rows } => {
            let authors = followees.as_uuids();
            let rows = to_i64(rows);
            let found =
                db::timeline::newest_among(conn, authors, after, rows, page, window.skip()).await?;
            (found, false)
        }
        RecencyScan::InService { rows } => {
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
