//! Where the posts of each author stand, in memory: 24 bytes a post, and about 100 an author.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap},
    mem::size_of,
};

use foldhash::fast::FixedState;
use uuid::Uuid;

use crate::{
    app::metrics::Metrics,
    domain::{ChangeKind, Changes, Place, UserId},
};

/// The posts of each author, as many as may be kept. Of an author who has posts, at least the newest is.
pub struct Lists {
    // The ids are made by the application: nobody chooses them so that they collide.
    by_author: HashMap<Uuid, List, FixedState>,
    posts: usize,
    /// Places that memory has been taken for.
    capacity: usize,
    /// No list begins later than this; `i64::MIN` while all lists have everything.
    latest_floor: i64,
    max_bytes: usize,
}

/// The posts of one author, oldest first: all from a time on.
struct List {
    places: Vec<Place>,
    /// The time of the newest: what most authors of a timeline are passed over by, so that it is at hand.
    newest: i64,
    /// The time from which on all are here, microseconds since 1970; `i64::MIN` if all are.
    floor: i64,
}

/// Where the newest posts of some authors stand.
#[derive(Debug)]
pub struct Newest {
    /// Newest first.
    pub places: Vec<(Place, UserId)>,
    /// Authors of whom other posts than these can be among the newest: older ones, that are not kept.
    pub uncertain: Vec<UserId>,
}

/// There are more authors than memory was given for.
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

    /// What all this takes, about: what is allocated, with 16 bytes of the allocator's own for each list.
    pub fn bytes(&self) -> usize {
        let slots = self.by_author.capacity() * 8 / 7;
        slots * (size_of::<(Uuid, List)>() + 1)
            + self.by_author.len() * 16
            + self.capacity * size_of::<Place>()
    }

    pub fn measure(&self, metrics: &Metrics) {
        metrics.index_has(self.posts, self.authors(), self.bytes());
    }

    /// Takes over all posts of an author who has none yet, newest first.
    pub fn put(&mut self, author: UserId, newest_first: &[Place]) -> Result<(), TooManyAuthors> {
        let places: Vec<Place> = newest_first.iter().rev().copied().collect();
        let Some(newest) = places.last() else {
            return Ok(());
        };
        let mut list = List {
            newest: newest.micros,
            floor: i64::MIN,
            places,
        };
        list.forget_before(self.latest_floor);
        self.posts += list.places.len();
        self.capacity += list.places.capacity();
        self.by_author.insert(author.as_uuid(), list);
        self.fit()
    }

    /// What has changed, in any order. A post that was both written and deleted is there if it is there in the end.
    pub fn apply(&mut self, changes: &Changes) -> Result<(), TooManyAuthors> {
        let of = |kind| {
            changes
                .list
                .iter()
                .filter(move |change| change.kind == kind)
        };
        for change in of(ChangeKind::Written) {
            self.insert(change.author, change.place);
        }
        for change in of(ChangeKind::Deleted) {
            self.remove(change.author, change.place);
        }
        for post in &changes.written {
            self.insert(
                post.author_id,
                Place::new(post.created_at, post.id.as_uuid()),
            );
        }
        self.fit()
    }

    fn insert(&mut self, author: UserId, place: Place) {
        let list = self
            .by_author
            .entry(author.as_uuid())
            .or_insert_with(|| List {
                places: Vec::new(),
                newest: i64::MIN,
                floor: i64::MIN,
            });
        let index = list.older_than(place);
        if place.micros < list.floor || list.places.get(index) == Some(&place) {
            return;
        }
        let before = list.places.capacity();
        if list.places.len() == before {
            // An eighth more instead of twice as much: there are many lists, and few of them grow.
            list.places.reserve_exact((before / 8).max(2));
        }
        list.places.insert(index, place);
        list.newest = list.newest.max(place.micros);
        self.posts += 1;
        self.capacity += list.places.capacity() - before;
    }

    fn remove(&mut self, author: UserId, place: Place) {
        let Some(list) = self.by_author.get_mut(&author.as_uuid()) else {
            return;
        };
        let index = list.older_than(place);
        if list.places.get(index) != Some(&place) {
            return;
        }
        list.places.remove(index);
        list.newest = list.places.last().map_or(i64::MIN, |place| place.micros);
        self.posts -= 1;
        if list.places.is_empty() && list.floor == i64::MIN {
            self.capacity -= list.places.capacity();
            self.by_author.remove(&author.as_uuid());
        }
    }

    /// The newest `reach` posts of these authors after a place, or all there are.
    ///
    /// One look at each author, and one at each post that was among the newest for a while. After a place that is `n` posts
    /// of all these authors down, it is found in the lists in as many steps as `n` has digits, together at most `n` a list.
    pub fn newest(&self, authors: &[Uuid], after: Option<Place>, reach: usize) -> Newest {
        let mut found: BinaryHeap<Reverse<(Place, Uuid)>> = BinaryHeap::with_capacity(reach);
        for author in authors {
            let Some(list) = self.by_author.get(author) else {
                continue;
            };
            let bound = found.peek().filter(|_| found.len() >= reach);
            if bound.is_some_and(|Reverse((oldest, _))| list.newest < oldest.micros) {
                continue;
            }
            let end = after.map_or(list.places.len(), |place| list.older_than(place));
            for place in list.places.iter().take(end).rev() {
                if found.len() < reach {
                    found.push(Reverse((*place, *author)));
                } else if let Some(mut oldest) = found.peek_mut()
                    && oldest.0.0 < *place
                {
                    *oldest = Reverse((*place, *author));
                } else {
                    break;
                }
            }
        }
        let places: Vec<_> = found
            .into_sorted_vec()
            .into_iter()
            .map(|Reverse((place, author))| (place, UserId::from(author)))
            .collect();
        let uncertain = self.uncertain(authors, &places, reach);
        Newest { places, uncertain }
    }

    /// The authors whose lists begin later than the oldest that was found, or anywhere if too few were.
    fn uncertain(&self, authors: &[Uuid], found: &[(Place, UserId)], reach: usize) -> Vec<UserId> {
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

    /// Lets go of the oldest posts if there are more than may be kept.
    fn fit(&mut self) -> Result<(), TooManyAuthors> {
        if self.bytes() <= self.max_bytes {
            return Ok(());
        }
        // Well below, so that this is seldom done.
        let excess = self.bytes() - self.max_bytes / 8 * 7;
        let floor = self.time_of_oldest(excess.div_ceil(size_of::<Place>()));
        for list in self.by_author.values_mut() {
            let before = (list.places.len(), list.places.capacity());
            list.forget_before(floor);
            self.posts -= before.0 - list.places.len();
            self.capacity -= before.1 - list.places.capacity();
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

    /// A time before which there are at least so many posts that need not be kept, and not many more: to a thousandth of
    /// the time that they are from.
    fn time_of_oldest(&self, posts: usize) -> i64 {
        const PARTS: i64 = 1_024;
        let times = || {
            let lists = self.by_author.values();
            let but_the_newest = lists.filter_map(|list| list.places.split_last());
            but_the_newest
                .flat_map(|(_newest, rest)| rest)
                .map(|place| place.micros)
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
    /// How many of the posts are older than the place. It is looked for from the newest on, in steps that double: the
    /// places that people ask for are mostly recent.
    fn older_than(&self, place: Place) -> usize {
        let is_older = |index: usize| self.places.get(index).is_some_and(|other| *other < place);
        let (mut end, mut step) = (self.places.len(), 1);
        while end > 0 && !is_older(end - 1) {
            end = end.saturating_sub(step);
            step *= 2;
        }
        // All from the last step on are not older; what is before `end` is.
        let upper = (end + step).min(self.places.len());
        let between = self.places.get(end..upper).unwrap_or_default();
        end + between.partition_point(|other| *other < place)
    }

    /// Keeps the posts from this time on, or from the time of the newest if that is earlier.
    fn forget_before(&mut self, floor: i64) {
        let floor = floor.min(self.newest);
        let forgotten = self.places.partition_point(|place| place.micros < floor);
        if forgotten > 0 {
            self.places = self.places.split_off(forgotten);
            self.places.shrink_to_fit();
            self.floor = floor;
        }
    }
}

#[cfg(test)]
#[path = "lists_tests.rs"]
mod tests;
