use std::str::FromStr;

use common::Timestamp;

/// A point in the history of the database that a statement read: which transactions it could see.
///
/// A transaction had ended if its id is below `next` and not among `running` (PostgreSQL manual, `pg_snapshot`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReadPoint {
    /// The start time of the server process: transaction ids mean nothing to another server.
    pub server_started_at: Timestamp,
    /// The time by the database's clock.
    pub at: Timestamp,
    pub snapshot: Snapshot,
}

/// The transactions that had ended.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Snapshot {
    /// No transaction with this id or a later one had ended.
    pub next: i64,
    /// Transactions below `next` that had not ended either.
    pub running: Vec<i64>,
}

impl ReadPoint {
    /// Whether both read points are of the same run of one server, which a restart and a failover end.
    pub fn is_on_same_server(&self, other: &Self) -> bool {
        self.server_started_at == other.server_started_at
    }

    /// Whether every transaction that had ended at `other` had ended here too, both on the same server: snapshots of one
    /// server are ordered, and the later one has more ended transactions.
    pub fn includes(&self, other: &Self) -> bool {
        let ended = |read_point: &Self| {
            let running = i64::try_from(read_point.snapshot.running.len()).unwrap_or(i64::MAX);
            (read_point.snapshot.next, -running)
        };
        ended(self) >= ended(other)
    }

    pub fn seconds_since(&self, earlier: &Self) -> i64 {
        self.at.as_seconds() - earlier.at.as_seconds()
    }
}

impl Snapshot {
    /// The oldest transaction that had not ended: all before it had.
    pub fn oldest_running(&self) -> i64 {
        self.running.iter().copied().min().unwrap_or(self.next)
    }
}

impl FromStr for Snapshot {
    type Err = MalformedSnapshot;

    /// The text of a `pg_snapshot`: `xmin:xmax:running,…`.
    fn from_str(text: &str) -> Result<Self, MalformedSnapshot> {
        let wrong = || MalformedSnapshot(text.to_owned());
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

/// A text that is not a `pg_snapshot`.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no pg_snapshot")]
pub struct MalformedSnapshot(String);

#[cfg(test)]
mod tests {
    use super::*;

    fn read_point(snapshot: &str) -> ReadPoint {
        let epoch = Timestamp::from_micros(0).unwrap();
        ReadPoint {
            server_started_at: epoch,
            at: epoch,
            snapshot: snapshot.parse().unwrap(),
        }
    }

    #[test]
    fn snapshot_text_lists_running_transactions() {
        assert_eq!(
            "10:20:10,14,15".parse::<Snapshot>().unwrap(),
            Snapshot {
                next: 20,
                running: vec![10, 14, 15]
            }
        );
        let first = |text: &str| text.parse::<Snapshot>().unwrap().oldest_running();
        assert_eq!((first("10:20:10,14,15"), first("20:20:")), (10, 20));
        assert!("20:20:".parse::<Snapshot>().unwrap().running.is_empty());
        for wrong in ["", "20", "20:20", "a:b:", "1:2:3,x", "1:2:3:4"] {
            assert!(wrong.parse::<Snapshot>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn later_read_point_has_more_ended_transactions() {
        let in_order = ["10:20:10,14", "10:20:10", "20:20:", "14:21:14,20", "21:21:"];
        for (index, earlier) in in_order.iter().enumerate() {
            assert!(read_point(earlier).includes(&read_point(earlier)));
            for later in &in_order[index + 1..] {
                assert!(read_point(later).includes(&read_point(earlier)));
                assert!(!read_point(earlier).includes(&read_point(later)));
            }
        }
    }
}
