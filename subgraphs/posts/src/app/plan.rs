//! Plans for a page of the timeline without the index in memory (docs/adr/0007-timeline-plan.md).
//!
//! - A **recency scan** (a "walk" in the ADR, in traces and in metrics) reads the newest posts of all authors and keeps the
//!   posts of followees. It is the fastest plan where followees write a good share of all posts. It stops after a number of
//!   rows; a full page found by then is exact.
//! - A **merge** reads the newest posts of each followee. It always finds the page, in a time that grows with the number of
//!   followees.
//!
//! The scan goes first where it costs only a fraction of the merge, so a page takes the time of the faster plan, or
//! somewhat more than the merge. Measured (1 million posts, everything in cache, PostgreSQL and client on one core each):
//! a merge takes 4 µs a followee; a scan in the database 0.3 µs a row and 0.35 µs a followee, whose ids are parameters; a
//! scan in the service 1.6 µs a row, because the texts are sent to it.

use common::page::Window;

/// Up to this number of followees, sending their ids to the database is cheaper than sending posts to the service.
const MAX_FOLLOWEES_IN_DATABASE: usize = 2_000;

/// Limits the rows that a scan in the service fetches: they cost as much as a merge of 4,000 followees. Numbered pages far
/// into a timeline would need more.
const MAX_ROWS_IN_SERVICE: usize = 10_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    /// The scan that is tried first.
    pub(super) scan: Option<RecencyScan>,
    /// How many posts of each followee the merge reads first: enough for two pages if all followees write.
    pub(super) depth: usize,
}

/// A scan of the newest `rows` posts of all authors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RecencyScan {
    /// The database filters the posts and stops when the page is full.
    InDatabase { rows: usize },
    /// The service filters the posts; the cost in the database does not depend on the number of followees.
    InService { rows: usize },
}

impl Plan {
    pub(super) fn of(followees: usize, window: Window) -> Self {
        let reach = window.reach();
        Self {
            scan: RecencyScan::of(followees, reach),
            depth: (reach * 2).div_ceil(followees.max(1)).min(reach),
        }
    }

    /// The name in traces and metrics if the merge found the page.
    pub(super) fn name(&self) -> &'static str {
        match self.scan {
            None => "merge",
            Some(RecencyScan::InDatabase { .. }) => "walk_in_database_then_merge",
            Some(RecencyScan::InService { .. }) => "walk_in_service_then_merge",
        }
    }
}

impl RecencyScan {
    /// `reach` is the number of posts to find: the page, one more, and the posts that a numbered page skips.
    fn of(followees: usize, reach: usize) -> Option<Self> {
        if followees > MAX_FOLLOWEES_IN_DATABASE {
            // The more followees, the sooner a page is full. For a first page even the most rows cost a tenth of the merge.
            let rows = reach * (50_000 / followees).max(8);
            return (rows <= MAX_ROWS_IN_SERVICE).then_some(Self::InService { rows });
        }
        // Six rows a followee cost half of the merge. Beyond 50 rows for each post a scan does not pay, and below 20 rows for
        // each post it seldom fills the page.
        let rows = (followees * 6).min(reach * 50);
        (rows >= reach * 20).then_some(Self::InDatabase { rows })
    }

    /// The name in traces and metrics if the scan found the page.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::InDatabase { .. } => "walk_in_database",
            Self::InService { .. } => "walk_in_service",
        }
    }
}

/// Converts a number of rows, which is small.
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
    fn few_followees_need_no_scan() {
        for few in [1, 10, 69] {
            assert_eq!(plan(few, 20).scan, None);
        }
        assert_eq!(
            plan(70, 20).scan,
            Some(RecencyScan::InDatabase { rows: 420 })
        );
        assert_eq!(plan(336, 100).scan, None);
        assert_eq!(
            plan(337, 100).scan,
            Some(RecencyScan::InDatabase { rows: 2_022 })
        );
    }

    #[test]
    fn scan_is_bounded_for_any_number_of_followees() {
        assert_eq!(
            plan(175, 20).scan,
            Some(RecencyScan::InDatabase { rows: 1_050 })
        );
        assert_eq!(
            plan(2_000, 20).scan,
            Some(RecencyScan::InDatabase { rows: 1_050 })
        );
        assert_eq!(
            plan(2_001, 20).scan,
            Some(RecencyScan::InService { rows: 504 })
        );
        assert_eq!(
            plan(5_000, 20).scan,
            Some(RecencyScan::InService { rows: 210 })
        );
        assert_eq!(
            plan(usize::MAX, 100).scan,
            Some(RecencyScan::InService { rows: 808 })
        );
    }

    #[test]
    fn numbered_pages_far_into_a_timeline_are_merged() {
        let page = |number| {
            PageQuery::of(number, 20)
                .read(20, CursorKind(b't'))
                .unwrap()
        };
        let scan = |number, followees| Plan::of(followees, page(number).window).scan;
        assert_eq!(scan(2, 5_000), Some(RecencyScan::InService { rows: 410 }));
        assert_eq!(
            scan(40, 5_000),
            Some(RecencyScan::InService { rows: 8_010 })
        );
        assert_eq!(scan(60, 5_000), None);
        assert_eq!(
            scan(2, 1_000),
            Some(RecencyScan::InDatabase { rows: 2_050 })
        );
        assert_eq!(scan(16, 1_000), None);
    }

    #[test]
    fn merge_depth_falls_from_a_page_to_one_post_as_followees_grow() {
        assert_eq!(plan(1, 20).depth, 21);
        assert_eq!(plan(10, 20).depth, 5);
        assert_eq!(plan(42, 20).depth, 1);
        assert_eq!(plan(10_000, 100).depth, 1);
    }
}
