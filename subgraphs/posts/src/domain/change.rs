use super::{Position, Post, ReadPoint, UserId};

/// A post that was written or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    pub author: UserId,
    pub position: Position,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Written,
    Deleted,
}

/// The changes from one read point to a later one, in no order: for a post with two changes, `written` tells which came
/// last.
#[derive(Clone, Debug)]
pub struct Changes {
    pub list: Vec<Change>,
    /// The new posts that still exist, as they are at the later read point.
    pub written: Vec<Post>,
    /// The earlier read point.
    pub since: ReadPoint,
    /// The later read point.
    pub until: ReadPoint,
    /// Whether the list is complete and not cut off at the limit.
    pub is_complete: bool,
}
