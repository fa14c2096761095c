use super::{
    MAX_AGE_SECONDS,
    lists::{Lists, TooManyAuthors},
};
use crate::domain::{Changes, Moment};

/// The posts at a moment.
pub struct Known {
    pub lists: Lists,
    pub moment: Moment,
}

/// Whether what has changed from one moment to the other can be told.
pub fn leads_to(from: &Moment, to: &Moment) -> bool {
    to.is_of_same_server(from) && to.seconds_since(from) <= MAX_AGE_SECONDS
}

impl Known {
    /// Whether these changes can lead on from here: of the same server, and none of them deleted meanwhile.
    pub fn can_take(&self, changes: &Changes) -> bool {
        leads_to(&self.moment, &changes.until)
    }

    /// Goes on to the moment until which there are changes. Requests find out about them in one order and come here in
    /// another: earlier ones are part of the later ones, and would bring back what was deleted since. Those that begin
    /// later than the posts here are known, or at another server, would leave some out.
    pub fn take(&mut self, changes: &Changes) -> Result<(), TooManyAuthors> {
        let leads_on = changes.is_complete
            && changes.since.is_of_same_server(&self.moment)
            && self.moment.is_not_before(&changes.since)
            && !self.moment.is_not_before(&changes.until);
        if !leads_on {
            return Ok(());
        }
        self.lists.apply(changes)?;
        self.moment = changes.until.clone();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use common::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Change, ChangeKind, Place, Snapshot};

    fn moment(server: i64, seconds: i64, next: i64) -> Moment {
        let time = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000).unwrap();
        Moment {
            server_started_at: time(server),
            at: time(seconds),
            snapshot: Snapshot {
                next,
                running: Vec::new(),
            },
        }
    }

    fn changes(kinds: &[ChangeKind], until: Moment) -> Changes {
        changes_since(moment(0, 0, 5), kinds, until)
    }

    fn changes_since(since: Moment, kinds: &[ChangeKind], until: Moment) -> Changes {
        let change = |kind: &ChangeKind| Change {
            kind: *kind,
            author: Uuid::from_u128(1).into(),
            place: Place::new(Timestamp::from_micros(1).unwrap(), Uuid::from_u128(2)),
        };
        Changes {
            list: kinds.iter().map(change).collect(),
            written: Vec::new(),
            since,
            until,
            is_complete: true,
        }
    }

    fn known() -> Known {
        Known {
            lists: Lists::new(1 << 20),
            moment: moment(0, 0, 5),
        }
    }

    #[test]
    fn a_post_that_came_and_went_does_not_come_back_when_requests_overtake_one_another() {
        let mut known = known();
        let earlier = changes(&[ChangeKind::Written], moment(0, 1, 6));
        let both = [ChangeKind::Written, ChangeKind::Deleted];
        let later = changes(&both, moment(0, 2, 7));
        for changes in [&later, &earlier, &later] {
            known.take(changes).unwrap();
            assert_eq!(known.lists.posts(), 0);
            assert_eq!(known.moment, later.until);
        }
    }

    #[test]
    fn changes_that_begin_later_or_elsewhere_lead_nowhere() {
        for since in [moment(0, 1, 6), moment(1, 0, 5)] {
            let mut known = known();
            let later = changes_since(since, &[ChangeKind::Written], moment(0, 2, 7));
            known.take(&later).unwrap();
            assert_eq!((known.lists.posts(), known.moment.snapshot.next), (0, 5));
        }
    }

    #[test]
    fn changes_that_were_cut_off_lead_nowhere() {
        let mut known = known();
        let cut_off = Changes {
            is_complete: false,
            ..changes(&[ChangeKind::Written], moment(0, 1, 6))
        };
        known.take(&cut_off).unwrap();
        assert_eq!((known.lists.posts(), known.moment.snapshot.next), (0, 5));
    }

    #[test]
    fn nothing_leads_on_to_another_server_or_over_ten_minutes() {
        let can_take = |until| known().can_take(&changes(&[], until));
        assert!(can_take(moment(0, 600, 9)));
        assert!(!can_take(moment(0, 601, 9)));
        assert!(!can_take(moment(1, 1, 9)));
    }
}
