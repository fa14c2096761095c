use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use common::{Timestamp, clock::Clock};
use uuid::{Builder, Uuid};

/// Where a new clock stands: 2026-01-01T00:00:00Z, in microseconds.
const START: i64 = 1_767_225_600_000_000;

/// A clock that moves only when it is told to, and makes the same ids in every run.
#[derive(Debug)]
pub struct ManualClock {
    micros: AtomicI64,
    ids: AtomicU64,
}

impl ManualClock {
    pub fn shared() -> Arc<Self> {
        Arc::new(Self {
            micros: AtomicI64::new(START),
            ids: AtomicU64::new(0),
        })
    }

    /// Moves the time, also backwards as clocks of servers sometimes do.
    pub fn advance_micros(&self, micros: i64) {
        self.micros.fetch_add(micros, Ordering::SeqCst);
    }

    pub fn advance_seconds(&self, seconds: i64) {
        self.advance_micros(seconds * 1_000_000);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.micros.load(Ordering::SeqCst)).expect("a time within reach")
    }

    fn new_id(&self) -> Uuid {
        let millis = u64::try_from(self.micros.load(Ordering::SeqCst) / 1000).expect("after 1970");
        let mut random = [0; 10];
        let (_, count) = random.split_at_mut(2);
        count.copy_from_slice(&self.ids.fetch_add(1, Ordering::SeqCst).to_be_bytes());
        Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}
