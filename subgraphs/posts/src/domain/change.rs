use super::{Moment, Place, Post, UserId};

/// That a post was written or deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    pub kind: ChangeKind,
    pub author: UserId,
    pub place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    Written,
    Deleted,
}

/// What has changed from one moment to a later one, in no order: whether a post
/// that is in it twice was written first or deleted first, `written` tells.
#[derive(Clone, Debug)]
pub struct Changes {
    pub list: Vec<Change>,
    /// The posts that were written meanwhile and are still there, as they are at the later moment.
    pub written: Vec<Post>,
    /// The earlier moment.
    pub since: Moment,
    /// The later moment.
    pub until: Moment,
    /// Whether the list has all of them, and not just as many as were asked for.
    pub is_complete: bool,
}
