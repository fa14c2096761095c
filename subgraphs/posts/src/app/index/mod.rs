//! An index of the posts in memory (docs/adr/0011-timeline-index.md): it says which posts are on a page, and the database
//! says, with the posts, whether that is still so.
//!
//! It is exact at one moment of the database. A page is found in it, its posts are read, and the same statement reads what
//! has changed since that moment. Posts that were written since take their places, and the page is exact at the moment of
//! the statement. If one was deleted, the index takes the changes over and is asked again. It is never trusted further than
//! that, and without it the page is found by the database alone.

mod keeping;
mod known;
mod lists;
mod reading;

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
use crate::domain::{Change, ChangeKind, Changes, Followees, Moment, Place, Post, UserId};
use known::{Known, leads_to};
use lists::Lists;
use reading::{Reading, Readings, readings};

/// How long changes are kept once the transactions before them have ended, by the database's clock.
const KEEP_SECONDS: i64 = 30 * 60;
/// An index that is further behind might miss changes that are deleted just now. Reading it takes a part of this time.
const MAX_AGE_SECONDS: i64 = 10 * 60;

/// How long a page waits for the statement that confirms it, together with those before it in the queue.
const PATIENCE: Duration = Duration::from_secs(2);

/// The index, if there is one now.
pub struct Index {
    max_bytes: usize,
    state: RwLock<Option<Known>>,
    metrics: Arc<Metrics>,
    readings: Readings,
}

/// What the index takes for a page.
#[derive(Debug)]
pub struct Proposal {
    /// Newest first.
    places: Vec<(Place, UserId)>,
    /// Authors of whom other posts may be on it.
    uncertain: Vec<UserId>,
    /// Whether only posts that are newer than the last one could be on it too.
    is_full: bool,
    after: Option<Place>,
    skip: usize,
    pub moment: Moment,
}

/// What has become of a proposal.
#[derive(Debug)]
pub enum Settled {
    /// The posts, newest first, and one more if there is a next page: exact at the moment until which there are changes.
    Page(Vec<Post>),
    /// Too much has changed.
    AskAgain,
    /// Posts of it are not there, and no change says why.
    Contradicted,
}

impl Index {
    /// None yet, and never more than so many bytes.
    pub fn new(max_bytes: usize, pool: PgPool, metrics: Arc<Metrics>) -> Self {
        Self {
            max_bytes,
            state: RwLock::new(None),
            metrics,
            readings: readings(pool),
        }
    }

    /// The posts of a page, and what has changed since it was proposed, both as of one moment. `None` if that cannot be
    /// had, or not soon: then the index is of no use now.
    pub async fn read_posts(
        &self,
        ids: Vec<Uuid>,
        since: Moment,
    ) -> Option<(Vec<Post>, Arc<Changes>)> {
        match timeout(PATIENCE, self.readings.ask(Reading { ids, since })).await {
            Ok(Ok(answer)) => Some(answer),
            Ok(Err(reason)) => {
                tracing::debug!(error = %Fault::from(reason), "posts were not read with the index");
                None
            }
            // A transaction that changes a great many posts, for example: its rows are looked at, and cannot be seen yet.
            Err(_elapsed) => {
                self.forget("the database does not say soon what has changed");
                None
            }
        }
    }

    /// Which posts are on a page, at the moment of the index; `None` while there is no index.
    pub fn propose(&self, followees: &Followees, window: Window) -> Option<Proposal> {
        let after = window.after.map(|Keyset { at, id }| Place::new(at, id));
        let reach = window.reach();
        let state = self.read();
        let known = state.as_ref()?;
        let newest = known.lists.newest(followees.as_uuids(), after, reach);
        Some(Proposal {
            is_full: newest.places.len() >= reach,
            skip: reach - window.limit() - 1,
            places: newest.places,
            uncertain: newest.uncertain,
            after,
            moment: known.moment.clone(),
        })
    }

    /// Takes over what has changed. Whether there is an index now.
    pub fn take(&self, changes: &Changes) -> bool {
        let is_news = |known: &Known| {
            // A later moment alone is not worth stopping those who read for, until it is a second later.
            !changes.list.is_empty() || changes.until.seconds_since(&known.moment) >= 1
        };
        if let Some(known) = self.read().as_ref()
            && known.can_take(changes)
            && !is_news(known)
        {
            return true;
        }
        let mut state = self.write();
        let Some(known) = state.as_mut() else {
            return false;
        };
        let reason = if known.can_take(changes) {
            match known.take(changes) {
                Ok(()) => {
                    known.lists.measure(&self.metrics);
                    return true;
                }
                Err(error) => error.to_string(),
            }
        } else {
            "the database was restarted, or was not asked for too long".to_owned()
        };
        *state = None;
        drop(state);
        self.was_dropped(&reason);
        false
    }

    /// Drops the index: something was seen that contradicts it.
    pub fn forget(&self, reason: &str) {
        if self.write().take().is_some() {
            self.was_dropped(reason);
        }
    }

    fn was_dropped(&self, reason: &str) {
        tracing::warn!(
            reason,
            "the index of the timeline is dropped, and will be read again"
        );
        self.metrics.index_dropped();
    }

    fn moment(&self) -> Option<Moment> {
        self.read().as_ref().map(|known| known.moment.clone())
    }

    fn start(&self, lists: Lists, moment: Moment) {
        lists.measure(&self.metrics);
        *self.write() = Some(Known { lists, moment });
        self.metrics.index_loaded();
    }

    // A panic while it was written to leaves a half-changed index behind. Nothing in there should, and whoever finds it so
    // drops it.
    fn read(&self) -> RwLockReadGuard<'_, Option<Known>> {
        if self.state.is_poisoned() {
            drop(self.write());
        }
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Option<Known>> {
        self.state.write().unwrap_or_else(|poisoned| {
            let mut state = poisoned.into_inner();
            *state = None;
            self.state.clear_poison();
            state
        })
    }
}

impl Proposal {
    /// The posts of the page.
    pub fn ids(&self) -> Vec<Uuid> {
        let on_page = self.places.iter().skip(self.skip);
        on_page
            .map(|(place, _)| place.post_id().as_uuid())
            .collect()
    }

    /// The authors whose posts are on the page, or may be, if it is not certain that the index has all of them.
    pub fn candidates(&self) -> Option<Vec<Uuid>> {
        if self.uncertain.is_empty() {
            return None;
        }
        let found = self.places.iter().map(|(_, author)| author);
        let mut authors: Vec<_> = found
            .chain(&self.uncertain)
            .map(|id| id.as_uuid())
            .collect();
        authors.sort_unstable();
        authors.dedup();
        Some(authors)
    }

    /// The page, after what has changed since the moment of the proposal. `posts` are those of [`Proposal::ids`], read at the
    /// moment until which there are changes, or those of the candidates, read before it.
    pub fn settle(
        &self,
        mut posts: Vec<Post>,
        followees: &Followees,
        changes: &Changes,
        window: Window,
    ) -> Settled {
        let can_tell = changes.is_complete
            && leads_to(&self.moment, &changes.until)
            && changes.until.is_not_before(&self.moment);
        let is_certain = self.uncertain.is_empty();
        // A post that was deleted leaves a gap that other posts have to be read for. One that was written takes its place,
        // unless the page begins further down, or was read before.
        let can_insert = is_certain && self.skip == 0;
        let touches = |change: &&Change| self.is_touched_by(change, followees);
        let is_gap = |change: &Change| change.kind == ChangeKind::Deleted || !can_insert;
        if !can_tell || changes.list.iter().filter(touches).any(is_gap) {
            return Settled::AskAgain;
        }
        if is_certain && posts.len() < self.places.len().saturating_sub(self.skip) {
            return Settled::Contradicted;
        }
        if can_insert {
            let is_new = |post: &&Post| {
                let place = Place::new(post.created_at, post.id.as_uuid());
                self.has_place_for(place, post.author_id, followees)
            };
            posts.extend(changes.written.iter().filter(is_new).cloned());
        }
        posts.sort_unstable_by_key(|post| Reverse((post.created_at, post.id)));
        posts.dedup_by_key(|post| post.id);
        posts.truncate(window.limit() + 1);
        Settled::Page(posts)
    }

    fn is_touched_by(&self, change: &Change, followees: &Followees) -> bool {
        match change.kind {
            ChangeKind::Written => self.has_place_for(change.place, change.author, followees),
            ChangeKind::Deleted => {
                self.has(change.place) || self.uncertain.contains(&change.author)
            }
        }
    }

    /// Whether a post that is not on the page belongs there, or may.
    fn has_place_for(&self, place: Place, author: UserId, followees: &Followees) -> bool {
        let is_before = self.after.is_none_or(|after| place < after);
        let is_within = match self.places.last() {
            Some((last, _)) if self.is_full && self.uncertain.is_empty() => place > *last,
            _ => true,
        };
        // One that is on it was known: others asked for the changes since an earlier moment.
        is_before && is_within && followees.contains(author) && !self.has(place)
    }

    fn has(&self, place: Place) -> bool {
        self.places.iter().any(|(other, _)| *other == place)
    }
}
