//! How a page of the timeline is found (docs/adr/0007-timeline-plan.md).
//!
//! - A **walk** reads the newest posts of everybody and keeps those of followees. It is the fastest where followees write a
//!   good share of all posts, and it gives up after a number of rows: a full page found by then is exact.
//! - A **merge** asks for the newest posts of each followee. It always finds the page, in a time that grows with the number
//!   of followees whatever they write.
//!
//! The walk goes first where it may cost a fraction of the merge only. So a page takes the time of the faster one, or
//! somewhat more than the merge. Measured (1 million posts, everything in cache, PostgreSQL and client on one core each):
//! a merge takes 4 µs a followee; a walk in the database 0.3 µs a row and 0.35 µs a followee, whose ids it is sent; a walk
//! in the service 1.6 µs a row, whose texts it is sent.

use common::page::Window;

/// Up to so many followees, it is cheaper to send their ids to the posts than the posts to their ids.
const FILTERED_IN_DATABASE: usize = 2_000;

/// Rows that a walk in the service may fetch, texts and all: what a merge of 4,000 followees costs. Pages that are counted
/// far into a timeline would want more.
const MOST_IN_SERVICE: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// What is tried first.
    pub(super) walk: Option<Walk>,
    /// How many posts of each followee the merge looks at first: enough for two pages if all of them write.
    pub(super) depth: usize,
}

/// Which of the newest `rows` posts are followees', finds out
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    /// the database, and stops when the page is full,
    InDatabase { rows: usize },
    /// this service, and the database has the same work however many followees there are.
    InService { rows: usize },
}

impl Plan {
    pub(super) fn of(followees: usize, window: Window) -> Self {
        let reach = window.reach();
        Self {
            walk: Walk::of(followees, reach),
            depth: (reach * 2).div_ceil(followees.max(1)).min(reach),
        }
    }

    /// The plan in a trace, when it came to the merge.
    pub(super) fn name(&self) -> &'static str {
        match self.walk {
            None => "merge",
            Some(Walk::InDatabase { .. }) => "walk_in_database_then_merge",
            Some(Walk::InService { .. }) => "walk_in_service_then_merge",
        }
    }
}

impl Walk {
    /// `reach` is how many posts have to be found: the page, one more, and what a counted page leaves out before it.
    fn of(followees: usize, reach: usize) -> Option<Self> {
        if followees > FILTERED_IN_DATABASE {
            // The more followees, the sooner a page is full. For a first page even the most rows are a tenth of the merge.
            let rows = reach * (50_000 / followees).max(8);
            return (rows <= MOST_IN_SERVICE).then_some(Self::InService { rows });
        }
        // Six rows a followee are half of the merge. A page every 50 rows is as far as one would look, and where one in 20
        // would not do, it is seldom found.
        let rows = (followees * 6).min(reach * 50);
        (rows >= reach * 20).then_some(Self::InDatabase { rows })
    }

    /// The plan in a trace, when the walk found the page.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InDatabase { .. } => "walk_in_database",
            Self::InService { .. } => "walk_in_service",
        }
    }
}

/// For numbers of rows, which are small.
pub(super) fn to_i64(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use common::{page::CursorKind, rest::PageQuery};

    use super::*;

    fn plan(followees: usize, first: i32) -> Plan {
        Plan::of(
            followees,
            Window::of(first, None, CursorKind(b't')).unwrap(),
        )
    }

    #[test]
    fn few_followees_are_merged_at_once() {
        for few in [1, 10, 69] {
            assert_eq!(plan(few, 20).walk, None);
        }
        assert_eq!(plan(70, 20).walk, Some(Walk::InDatabase { rows: 420 }));
        assert_eq!(plan(336, 100).walk, None);
        assert_eq!(plan(337, 100).walk, Some(Walk::InDatabase { rows: 2_022 }));
    }

    #[test]
    fn a_walk_is_bounded_however_many_followees_there_are() {
        assert_eq!(plan(175, 20).walk, Some(Walk::InDatabase { rows: 1_050 }));
        assert_eq!(plan(2_000, 20).walk, Some(Walk::InDatabase { rows: 1_050 }));
        assert_eq!(plan(2_001, 20).walk, Some(Walk::InService { rows: 504 }));
        assert_eq!(plan(5_000, 20).walk, Some(Walk::InService { rows: 210 }));
        assert_eq!(
            plan(usize::MAX, 100).walk,
            Some(Walk::InService { rows: 808 })
        );
    }

    #[test]
    fn pages_counted_far_into_a_timeline_are_merged() {
        let page = |number| {
            PageQuery::of(number, 20)
                .read(20, CursorKind(b't'))
                .unwrap()
        };
        let walk = |number, followees| Plan::of(followees, page(number).window).walk;
        assert_eq!(walk(2, 5_000), Some(Walk::InService { rows: 410 }));
        assert_eq!(walk(40, 5_000), Some(Walk::InService { rows: 8_010 }));
        assert_eq!(walk(60, 5_000), None);
        assert_eq!(walk(2, 1_000), Some(Walk::InDatabase { rows: 2_050 }));
        assert_eq!(walk(16, 1_000), None);
    }

    #[test]
    fn a_merge_looks_at_one_post_of_each_of_many_and_at_a_page_of_a_single_one() {
        assert_eq!(plan(1, 20).depth, 21);
        assert_eq!(plan(10, 20).depth, 5);
        assert_eq!(plan(42, 20).depth, 1);
        assert_eq!(plan(10_000, 100).depth, 1);
    }
}
