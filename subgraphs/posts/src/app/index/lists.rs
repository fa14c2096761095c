//! The positions of each author's posts in memory: 24 bytes a post and about 100 bytes an author.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    mem::size_of,
};

use foldhash::fast::FixedState;
use uuid::Uuid;

use crate::{
    app::metrics::Metrics,
    domain::{ChangeKind, Changes, Position, UserId},
};

/// The posts of each author, as many as fit. At least the newest post of each author is kept.
pub struct Lists {
    // The application generates the ids, so clients cannot choose colliding ones.
    by_author: HashMap<Uuid, List, FixedState>,
    posts: usize,
    /// Positions that memory is allocated for.
    capacity: usize,
    /// The latest floor of all lists; `i64::MIN` while all lists are complete.
    latest_floor: i64,
    max_bytes: usize,
}

/// The posts of one author from a time on, oldest first.
struct List {
    positions: Vec<Position>,
    /// The time of the newest post, kept here because it alone excludes most authors of a timeline.
    newest: i64,
    /// The list is complete from this time on, in microseconds since 1970; `i64::MIN` if it holds every post.
    floor: i64,
}

/// The positions of the newest posts of some authors.
#[derive(Debug)]
pub struct Newest {
    /// Newest first.
    pub positions: Vec<(Position, UserId)>,
    /// Authors whose older posts, which are not kept, can be among the newest too.
    pub uncertain: Vec<UserId>,
}

/// There are more authors than fit into the memory limit.
#[derive(Debug, thiserror::Error)]
#[error("{authors} authors have posts, and {max_bytes} bytes cannot hold the newest of each")]
pub struct TooManyAuthors {
    authors: usize,
    max_bytes: usize,
}

impl Lists {
    pub fn new(max_bytes: usize) -> Self {
        Self {
            by_author: HashMap::default(),
            posts: 0,
            capacity: 0,
            latest_floor: i64::MIN,
            max_bytes,
        }
    }

    pub fn posts(&self) -> usize {
        self.posts
    }

    pub fn authors(&self) -> usize {
        self.by_author.len()
    }

    /// The approximate allocated bytes, with 16 bytes of allocator overhead for each list.
    pub fn bytes(&self) -> usize {
        let slots = self.by_author.capacity() * 8 / 7;
        slots * (size_of::<(Uuid, List)>() + 1)
            + self.by_author.len() * 16
            + self.capacity * size_of::<Position>()
    }

    pub fn measure(&self, metrics: &Metrics) {
        metrics.index_measured(self.posts, self.authors(), self.bytes());
    }

    /// Inserts all posts of an author who has no list yet, newest first.
    pub fn insert_author(
        &mut self,
        author: UserId,
        newest_first: &[Position],
    ) -> Result<(), TooManyAuthors> {
        let positions: Vec<Position> = newest_first.iter().rev().copied().collect();
        let Some(newest) = positions.last() else {
            return Ok(());
        };
        let mut list = List {
            newest: newest.micros,
            floor: i64::MIN,
            positions,
        };
        list.evict_before(self.latest_floor);
        self.posts += list.positions.len();
        self.capacity += list.positions.capacity();
        self.by_author.insert(author.as_uuid(), list);
        self.evict_to_fit()
    }

    /// Applies changes in any order. A post that was both written and deleted is kept if it exists in the end.
    pub fn apply(&mut self, changes: &Changes) -> Result<(), TooManyAuthors> {
        let of = |kind| {
            changes
                .list
                .iter()
                .filter(move |change| change.kind == kind)
        };
        for change in of(ChangeKind::Written) {
            self.insert(change.author, change.position);
        }
        for change in of(ChangeKind::Deleted) {
            self.remove(change.author, change.position);
        }
        for post in &changes.written {
            self.insert(
                post.author_id,
                Position::new(post.created_at, post.id.as_uuid()),
            );
        }
        self.evict_to_fit()
    }

    fn insert(&mut self, author: UserId, position: Position) {
        let list = self
            .by_author
            .entry(author.as_uuid())
            .or_insert_with(|| List {
                positions: Vec::new(),
                newest: i64::MIN,
                floor: i64::MIN,
            });
        let index = list.older_than(position);
        if position.micros < list.floor || list.positions.get(index) == Some(&position) {
            return;
        }
        let before = list.positions.capacity();
        if list.positions.len() == before {
            // Grows by an eighth instead of doubling: there are many lists, and few of them grow.
            list.positions.reserve_exact((before / 8).max(2));
        }
        list.positions.insert(index, position);
        list.newest = list.newest.max(position.micros);
        self.posts += 1;
        self.capacity += list.positions.capacity() - before;
    }

    fn remove(&mut self, author: UserId, position: Position) {
        let Some(list) = self.by_author.get_mut(&author.as_uuid()) else {
            return;
        };
        let index = list.older_than(position);
        if list.positions.get(index) != Some(&position) {
            return;
        }
        list.positions.remove(index);
        list.newest = list
            .positions
            .last()
            .map_or(i64::MIN, |position| position.micros);
        self.posts -= 1;
        if list.positions.is_empty() && list.floor == i64::MIN {
            self.capacity -= list.positions.capacity();
            self.by_author.remove(&author.as_uuid());
        }
    }

    /// The newest `reach` posts of these authors after a position, or all there are.
    ///
    /// It visits each author once, and each post that was among the newest for a while. A position that is `n` posts down is
    /// found in each list in O(log n) steps.
    pub fn newest(&self, authors: &[Uuid], after: Option<Position>, reach: usize) -> Newest {
        let mut found: BinaryHeap<Reverse<(Position, Uuid)>> = BinaryHeap::with_capacity(reach);
        for author in authors {
            let Some(list) = self.by_author.get(author) else {
                continue;
            };
            let bound = found.peek().filter(|_| found.len() >= reach);
            if bound.is_some_and(|Reverse((oldest, _))| list.newest < oldest.micros) {
                continue;
            }
            let end = after.map_or(list.positions.len(), |position| list.older_than(position));
            for position in list.positions.iter().take(end).rev() {
                if found.len() < reach {
                    found.push(Reverse((*position, *author)));
                } else if let Some(mut oldest) = found.peek_mut()
                    && oldest.0.0 < *position
                {
                    *oldest = Reverse((*position, *author));
                } else {
                    break;
                }
            }
        }
        let positions: Vec<_> = found
            .into_sorted_vec()
            .into_iter()
            .map(|Reverse((position, author))| (position, UserId::from(author)))
            .collect();
        let uncertain = self.uncertain(authors, &positions, reach);
        Newest {
            positions,
            uncertain,
        }
    }

    /// The authors whose lists start after the oldest post found, or are incomplete at all if too few posts were found.
    fn uncertain(
        &self,
        authors: &[Uuid],
        found: &[(Position, UserId)],
        reach: usize,
    ) -> Vec<UserId> {
        let bound = match found.last() {
            Some((oldest, _)) if found.len() >= reach => oldest.micros,
            _ => i64::MIN,
        };
        if self.latest_floor <= bound {
            return Vec::new();
        }
        let floor = |author: &Uuid| self.by_author.get(author).map(|list| list.floor);
        let is_uncertain = |author: &&Uuid| floor(author).is_some_and(|floor| floor > bound);
        authors
            .iter()
            .filter(is_uncertain)
            .map(|id| UserId::from(*id))
            .collect()
    }

    /// Evicts the oldest posts if the lists exceed the memory limit.
    fn evict_to_fit(&mut self) -> Result<(), TooManyAuthors> {
        if self.bytes() <= self.max_bytes {
            return Ok(());
        }
        // Well below the limit, so that evictions are rare.
        let excess = self.bytes() - self.max_bytes / 8 * 7;
        let floor = self.eviction_floor(excess.div_ceil(size_of::<Position>()));
        for list in self.by_author.values_mut() {
            let before = (list.positions.len(), list.positions.capacity());
            list.evict_before(floor);
            self.posts -= before.0 - list.positions.len();
            self.capacity -= before.1 - list.positions.capacity();
            self.latest_floor = self.latest_floor.max(list.floor);
        }
        if self.bytes() <= self.max_bytes {
            return Ok(());
        }
        Err(TooManyAuthors {
            authors: self.authors(),
            max_bytes: self.max_bytes,
        })
    }

    /// A time before which there are at least `posts` posts that can be evicted, and not many more: exact to a thousandth of
    /// the time span of the posts.
    fn eviction_floor(&self, posts: usize) -> i64 {
        const PARTS: i64 = 1_024;
        let times = || {
            let lists = self.by_author.values();
            let but_the_newest = lists.filter_map(|list| list.positions.split_last());
            but_the_newest
                .flat_map(|(_newest, rest)| rest)
                .map(|position| position.micros)
        };
        let (Some(first), Some(last)) = (times().min(), times().max()) else {
            return i64::MIN;
        };
        let width = (last - first) / PARTS + 1;
        let mut counts = vec![0; 1_025];
        for time in times() {
            let part = usize::try_from((time - first) / width).unwrap_or(0);
            if let Some(count) = counts.get_mut(part) {
                *count += 1;
            }
        }
        let mut sum = 0;
        let enough = counts.iter().position(|count| {
            sum += count;
            sum >= posts
        });
        let parts = i64::try_from(enough.unwrap_or(counts.len())).unwrap_or(PARTS) + 1;
        first.saturating_add(width.saturating_mul(parts))
    }
}

impl List {
    /// Counts the posts that are older than the position. The search starts at the newest post and doubles its step, because
    /// most requested positions are recent.
    fn older_than(&self, position: Position) -> usize {
        let is_older = |index: usize| {
            self.positions
                .get(index)
                .is_some_and(|other| *other < position)
        };
        let (mut end, mut step) = (self.positions.len(), 1);
        while end > 0 && !is_older(end - 1) {
            end = end.saturating_sub(step);
            step *= 2;
        }
        // Posts before `end` are older; posts from the last step on are not.
        let upper = (end + step).min(self.positions.len());
        let between = self.positions.get(end..upper).unwrap_or_default();
        end + between.partition_point(|other| *other < position)
    }

    /// Evicts the posts before this time, but never the newest post.
    fn evict_before(&mut self, floor: i64) {
        let floor = floor.min(self.newest);
        let evicted = self
            .positions
            .partition_point(|position| position.micros < floor);
        if evicted > 0 {
            self.positions = self.positions.split_off(evicted);
            self.positions.shrink_to_fit();
            self.floor = floor;
        }
    }
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
