//! The loaded index and how changes advance it.

use super::{
    MAX_AGE_SECONDS,
    lists::{Lists, TooManyAuthors},
};
use crate::domain::{Changes, ReadPoint};

/// The posts of all authors at a read point.
pub struct IndexSnapshot {
    pub lists: Lists,
    pub read_point: ReadPoint,
}

/// Whether the changes between the two read points are still in the database.
pub fn can_advance(from: &ReadPoint, to: &ReadPoint) -> bool {
    to.is_on_same_server(from) && to.seconds_since(from) <= MAX_AGE_SECONDS
}

impl IndexSnapshot {
    /// Whether these changes can advance this snapshot: they come from the same server, and none has been deleted since.
    pub fn can_apply(&self, changes: &Changes) -> bool {
        can_advance(&self.read_point, &changes.until)
    }

    /// Advances to the end of the changes. Requests read changes in one order and arrive here in another: earlier changes
    /// are part of later ones and would bring deleted posts back. Changes that start after this snapshot, or on another
    /// server, would leave a gap.
    pub fn advance(&mut self, changes: &Changes) -> Result<(), TooManyAuthors> {
        let is_next = changes.is_complete
            && changes.since.is_on_same_server(&self.read_point)
            && self.read_point.includes(&changes.since)
            && !self.read_point.includes(&changes.until);
        if !is_next {
            return Ok(());
        }
        self.lists.apply(changes)?;
        self.read_point = changes.until.clone();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use common::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Change, ChangeKind, Position, Snapshot};

    fn read_point(server: i64, seconds: i64, next: i64) -> ReadPoint {
        let time = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).unwrap();
        ReadPoint {
            server_started_at: time(server),
            at: time(seconds),
            snapshot: Snapshot {
                next,
                running: Vec::new(),
            },
        }
    }

    fn changes(kinds: &[ChangeKind], until: ReadPoint) -> Changes {
        changes_since(read_point(0, 0, 5), kinds, until)
    }

    fn changes_since(since: ReadPoint, kinds: &[ChangeKind], until: ReadPoint) -> Changes {
        let change = |kind: &ChangeKind| Change {
            kind: *kind,
            author: Uuid::from_u128(1).into(),
            position: Position::new(Timestamp::from_micros(1).unwrap(), Uuid::from_u128(2)),
        };
        Changes {
            list: kinds.iter().map(change).collect(),
            written: Vec::new(),
            since,
            until,
            is_complete: true,
        }
    }

    fn snapshot() -> IndexSnapshot {
        IndexSnapshot {
            lists: Lists::new(1 << 20),
            read_point: read_point(0, 0, 5),
        }
    }

    #[test]
    fn deleted_post_stays_deleted_when_changes_arrive_out_of_order() {
        let mut snapshot = snapshot();
        let earlier = changes(&[ChangeKind::Written], read_point(0, 1, 6));
        let both = [ChangeKind::Written, ChangeKind::Deleted];
        let later = changes(&both, read_point(0, 2, 7));
        for changes in [&later, &earlier, &later] {
            snapshot.advance(changes).unwrap();
            assert_eq!(snapshot.lists.posts(), 0);
            assert_eq!(snapshot.read_point, later.until);
        }
    }

    #[test]
    fn changes_that_start_later_or_on_another_server_are_ignored() {
        for since in [read_point(0, 1, 6), read_point(1, 0, 5)] {
            let mut snapshot = snapshot();
            let later = changes_since(since, &[ChangeKind::Written], read_point(0, 2, 7));
            snapshot.advance(&later).unwrap();
            assert_eq!(
                (snapshot.lists.posts(), snapshot.read_point.snapshot.next),
                (0, 5)
            );
        }
    }

    #[test]
    fn truncated_changes_are_ignored() {
        let mut snapshot = snapshot();
        let cut_off = Changes {
            is_complete: false,
            ..changes(&[ChangeKind::Written], read_point(0, 1, 6))
        };
        snapshot.advance(&cut_off).unwrap();
        assert_eq!(
            (snapshot.lists.posts(), snapshot.read_point.snapshot.next),
            (0, 5)
        );
    }

    #[test]
    fn changes_of_another_server_or_after_ten_minutes_are_refused() {
        let can_apply = |until| snapshot().can_apply(&changes(&[], until));
        assert!(can_apply(read_point(0, 600, 9)));
        assert!(!can_apply(read_point(0, 601, 9)));
        assert!(!can_apply(read_point(1, 1, 9)));
    }
}
