use common::Timestamp;
use uuid::Uuid;

use super::PostId;

/// Where a post stands in every list: by time, and by id where times are equal. 24 bytes, because there are millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Microseconds since 1970.
    pub micros: i64,
    id: Uuid,
}

impl Place {
    pub fn new(created_at: Timestamp, id: Uuid) -> Self {
        Self {
            micros: created_at.as_micros(),
            id,
        }
    }

    pub fn post_id(self) -> PostId {
        self.id.into()
    }
}
