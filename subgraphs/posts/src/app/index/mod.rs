//! An index of the posts in memory (docs/adr/0011-timeline-index.md): it proposes the posts of a page, and the database
//! confirms the page while it reads the posts.
//!
//! The index is exact at one read point of the database. One statement reads the posts of a candidate page and the changes
//! since that read point. New posts are merged in, and the page is exact at the time of the statement. If a post of the page
//! was deleted, the index applies the changes and proposes another page. Without an index the database finds the page.

mod lists;
mod maintenance;
mod page_reads;
mod snapshot;

use std::{
    cmp::Reverse,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
    time::Duration,
};

use common::{
    error::Fault,
    page::{Keyset, Window},
};
use sqlx::PgPool;
use tokio::time::timeout;
use uuid::Uuid;

use super::metrics::Metrics;
use crate::domain::{Change, ChangeKind, Changes, Followees, Position, Post, ReadPoint, UserId};
use lists::Lists;
use page_reads::{PageRead, PageReads, coalescer};
use snapshot::{IndexSnapshot, can_advance};

/// How long changes are kept after the transactions before them have ended, by the database's clock.
const CHANGE_RETENTION_SECONDS: i64 = 30 * 60;
/// An index that is further behind could miss changes that are being deleted. Loading the index takes a part of this time.
const MAX_AGE_SECONDS: i64 = 10 * 60;

/// How long a page waits for the statement that confirms it, the time in the queue included.
const CONFIRMATION_TIMEOUT: Duration = Duration::from_secs(2);

/// The index, or `None` inside while it is not loaded.
pub struct Index {
    max_bytes: usize,
    state: RwLock<Option<IndexSnapshot>>,
    metrics: Arc<Metrics>,
    page_reads: PageReads,
}

/// The posts of a page according to the index.
#[derive(Debug)]
pub struct CandidatePage {
    /// Newest first.
    positions: Vec<(Position, UserId)>,
    /// Authors whose older posts, which the index does not hold, may be on the page.
    uncertain: Vec<UserId>,
    /// Whether only posts newer than the last one could be on the page as well.
    is_full: bool,
    after: Option<Position>,
    skip: usize,
    pub read_point: ReadPoint,
}

/// Whether a candidate page is right.
#[derive(Debug)]
pub enum Confirmation {
    /// The posts, newest first, and one more if there is a next page: exact at the end of the changes.
    Page(Vec<Post>),
    /// Changes affect the page in a way that needs another candidate page.
    Retry,
    /// Posts of the page do not exist, and no change explains it.
    Contradicted,
}

impl Index {
    /// An index that is not loaded yet and never takes more than `max_bytes`.
    pub fn new(max_bytes: usize, pool: PgPool, metrics: Arc<Metrics>) -> Self {
        Self {
            max_bytes,
            state: RwLock::new(None),
            metrics,
            page_reads: coalescer(pool),
        }
    }

    /// Reads the posts of a candidate page and the changes since its read point, both in one statement. `None` on an error or
    /// a timeout: the index cannot be used then.
    pub async fn read_posts(
        &self,
        ids: Vec<Uuid>,
        since: ReadPoint,
    ) -> Option<(Vec<Post>, Arc<Changes>)> {
        match timeout(
            CONFIRMATION_TIMEOUT,
            self.page_reads.ask(PageRead { ids, since }),
        )
        .await
        {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(reason)) => {
                tracing::debug!(error = %Fault::from(reason), "posts were not read with the index");
                None
            }
            // For example, a transaction is changing a great many posts: the statement scans its rows without seeing them.
            Err(_elapsed) => {
                self.drop_index("the database does not say soon what has changed");
                None
            }
        }
    }

    /// The posts of a page at the read point of the index; `None` while no index is loaded.
    pub fn candidate_page(&self, followees: &Followees, window: Window) -> Option<CandidatePage> {
        let after = window.after.map(|Keyset { at, id }| Position::new(at, id));
        let reach = window.reach();
        let state = self.read();
        let snapshot = state.as_ref()?;
        let newest = snapshot.lists.newest(followees.as_uuids(), after, reach);
        Some(CandidatePage {
            is_full: newest.positions.len() >= reach,
            skip: reach - window.limit() - 1,
            positions: newest.positions,
            uncertain: newest.uncertain,
            after,
            read_point: snapshot.read_point.clone(),
        })
    }

    /// Applies changes to the index. Returns whether there is an index afterwards.
    pub fn apply_changes(&self, changes: &Changes) -> bool {
        let is_news = |snapshot: &IndexSnapshot| {
            // A later read point alone is not worth blocking readers, until it is a second later.
            !changes.list.is_empty() || changes.until.seconds_since(&snapshot.read_point) >= 1
        };
        if let Some(snapshot) = self.read().as_ref()
            && snapshot.can_apply(changes)
            && !is_news(snapshot)
        {
            return true;
        }
        let mut state = self.write();
        let Some(snapshot) = state.as_mut() else {
            return false;
        };
        let reason = if snapshot.can_apply(changes) {
            match snapshot.advance(changes) {
                Ok(()) => {
                    snapshot.lists.measure(&self.metrics);
                    return true;
                }
                Err(error) => error.to_string(),
            }
        } else {
            "the database was restarted, or was not asked for too long".to_owned()
        };
        *state = None;
        drop(state);
        self.report_drop(&reason);
        false
    }

    /// Drops the index, because the database contradicts it or cannot confirm it.
    pub fn drop_index(&self, reason: &str) {
        if self.write().take().is_some() {
            self.report_drop(reason);
        }
    }

    fn report_drop(&self, reason: &str) {
        tracing::warn!(
            reason,
            "the index of the timeline is dropped, and will be read again"
        );
        self.metrics.index_dropped();
    }

    fn read_point(&self) -> Option<ReadPoint> {
        self.read()
            .as_ref()
            .map(|snapshot| snapshot.read_point.clone())
    }

    fn start(&self, lists: Lists, read_point: ReadPoint) {
        lists.measure(&self.metrics);
        *self.write() = Some(IndexSnapshot { lists, read_point });
        self.metrics.index_loaded();
    }

    // A panic in a writer would leave a half-changed index behind. No writer should panic; a poisoned index is dropped.
    fn read(&self) -> RwLockReadGuard<'_, Option<IndexSnapshot>> {
        if self.state.is_poisoned() {
            drop(self.write());
        }
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<IndexSnapshot>> {
        self.state.write().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            *state = None;
            self.state.clear_poison();
            state
        })
    }
}

impl CandidatePage {
    /// The ids of the posts of the page.
    pub fn ids(&self) -> Vec<Uuid> {
        let on_page = self.positions.iter().skip(self.skip);
        on_page
            .map(|(position, _)| position.post_id().as_uuid())
            .collect()
    }

    /// The authors whose posts are or may be on the page; `None` if the index is certain to hold all of these posts.
    pub fn authors_to_merge(&self) -> Option<Vec<Uuid>> {
        if self.uncertain.is_empty() {
            return None;
        }
        let found = self.positions.iter().map(|(_, author)| author);
        let mut authors: Vec<_> = found
            .chain(&self.uncertain)
            .map(|id| id.as_uuid())
            .collect();
        authors.sort_unstable();
        authors.dedup();
        Some(authors)
    }

    /// Confirms or corrects the page with the changes since its read point. `posts` are the posts of
    /// [`CandidatePage::ids`], read at the end of the changes, or of the authors to merge, read before it.
    pub fn confirm(
        &self,
        mut posts: Vec<Post>,
        followees: &Followees,
        changes: &Changes,
        window: Window,
    ) -> Confirmation {
        let can_tell = changes.is_complete
            && can_advance(&self.read_point, &changes.until)
            && changes.until.includes(&self.read_point);
        let is_certain = self.uncertain.is_empty();
        // A deleted post leaves a gap that other posts must fill. A new post can be merged in, unless the page is a later one
        // or its posts were read earlier.
        let can_insert = is_certain && self.skip == 0;
        let affects = |change: &&Change| self.is_affected_by(change, followees);
        let is_gap = |change: &Change| change.kind == ChangeKind::Deleted || !can_insert;
        if !can_tell || changes.list.iter().filter(affects).any(is_gap) {
            return Confirmation::Retry;
        }
        if is_certain && posts.len() < self.positions.len().saturating_sub(self.skip) {
            return Confirmation::Contradicted;
        }
        if can_insert {
            let is_new = |post: &&Post| {
                let position = Position::new(post.created_at, post.id.as_uuid());
                self.belongs_on_page(position, post.author_id, followees)
            };
            posts.extend(changes.written.iter().filter(is_new).cloned());
        }
        posts.sort_unstable_by_key(|post| Reverse((post.created_at, post.id)));
        posts.dedup_by_key(|post| post.id);
        posts.truncate(window.limit() + 1);
        Confirmation::Page(posts)
    }

    fn is_affected_by(&self, change: &Change, followees: &Followees) -> bool {
        match change.kind {
            ChangeKind::Written => self.belongs_on_page(change.position, change.author, followees),
            ChangeKind::Deleted => {
                self.has(change.position) || self.uncertain.contains(&change.author)
            }
        }
    }

    /// Whether a post that is missing from the page belongs or may belong there.
    fn belongs_on_page(&self, position: Position, author: UserId, followees: &Followees) -> bool {
        let is_before = self.after.is_none_or(|after| position < after);
        let is_within = match self.positions.last() {
            Some((last, _)) if self.is_full && self.uncertain.is_empty() => position > *last,
            _ => true,
        };
        // A post on the page is not new: a shared statement reads changes since an earlier read point.
        is_before && is_within && followees.contains(author) && !self.has(position)
    }

    fn has(&self, position: Position) -> bool {
        self.positions.iter().any(|(other, _)| *other == position)
    }
}
