use common::Timestamp;
use uuid::Uuid;

use super::PostId;

/// The sort position of a post in every list: by time, then by id. 24 bytes, because there are millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Microseconds since 1970.
    pub micros: i64,
    id: Uuid,
}

impl Position {
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
