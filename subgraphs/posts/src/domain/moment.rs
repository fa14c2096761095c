use std::str::FromStr;

use common::Timestamp;

/// A moment of the database: what had happened when a statement looked, and what had not.
///
/// A transaction had ended by then if its id is below `next` and not among `running` (PostgreSQL manual, `pg_snapshot`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    /// When the server process started: ids of transactions mean nothing to another one.
    pub server_started_at: Timestamp,
    /// When it was, by the database's clock.
    pub at: Timestamp,
    pub snapshot: Snapshot,
}

/// Which transactions had ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// No transaction with this id or a later one had ended.
    pub next: i64,
    /// Those below `next` that had not ended either.
    pub running: Vec<i64>,
}

impl Moment {
    /// Whether both are moments of one run of one server, which a restart and a failover end.
    pub fn is_of_same_server(&self, other: &Self) -> bool {
        self.server_started_at == other.server_started_at
    }

    /// Whether everything that had happened by `other` had happened by now, both of the same server: of two snapshots one
    /// has all that the other has, and the later one more ended transactions.
    pub fn is_not_before(&self, other: &Self) -> bool {
        let ended = |moment: &Self| {
            let running = i64::try_from(moment.snapshot.running.len()).unwrap_or(i64::MAX);
            (moment.snapshot.next, -running)
        };
        ended(self) >= ended(other)
    }

    pub fn seconds_since(&self, earlier: &Self) -> i64 {
        self.at.as_seconds() - earlier.at.as_seconds()
    }
}

impl Snapshot {
    /// All transactions before this one had ended.
    pub fn first_not_ended(&self) -> i64 {
        self.running.iter().copied().min().unwrap_or(self.next)
    }
}

impl FromStr for Snapshot {
    type Err = NoSnapshot;

    /// The text of a `pg_snapshot`: `xmin:xmax:running,…`.
    fn from_str(text: &str) -> Result<Self, NoSnapshot> {
        let wrong = || NoSnapshot(text.to_owned());
        let mut parts = text.split(':').skip(1);
        let (Some(next), Some(running), None) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong());
        };
        let id = |text: &str| text.parse::<i64>().map_err(|_not_a_number| wrong());
        let running = running.split(',').filter(|id| !id.is_empty());
        Ok(Self {
            next: id(next)?,
            running: running.map(id).collect::<Result<_, _>>()?,
        })
    }
}

/// What should be the text of a snapshot is none.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no pg_snapshot")]
pub struct NoSnapshot(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(snapshot: &str) -> Moment {
        let epoch = Timestamp::from_micros(0).unwrap();
        Moment {
            server_started_at: epoch,
            at: epoch,
            snapshot: snapshot.parse().unwrap(),
        }
    }

    #[test]
    fn a_snapshot_says_which_transactions_had_not_ended() {
        assert_eq!(
            "10:20:10,14,15".parse::<Snapshot>().unwrap(),
            Snapshot {
                next: 20,
                running: vec![10, 14, 15]
            }
        );
        let first = |text: &str| text.parse::<Snapshot>().unwrap().first_not_ended();
        assert_eq!((first("10:20:10,14,15"), first("20:20:")), (10, 20));
        assert!("20:20:".parse::<Snapshot>().unwrap().running.is_empty());
        for wrong in ["", "20", "20:20", "a:b:", "1:2:3,x", "1:2:3:4"] {
            assert!(wrong.parse::<Snapshot>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_later_of_two_moments_has_more_ended_transactions() {
        let in_order = ["10:20:10,14", "10:20:10", "20:20:", "14:21:14,20", "21:21:"];
        for (index, earlier) in in_order.iter().enumerate() {
            assert!(moment(earlier).is_not_before(&moment(earlier)));
            for later in &in_order[index + 1..] {
                assert!(moment(later).is_not_before(&moment(earlier)));
                assert!(!moment(earlier).is_not_before(&moment(later)));
            }
        }
    }
}
