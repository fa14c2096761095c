use common::Timestamp;

use super::{PostId, UserId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub id: PostId,
    pub author_id: UserId,
    pub text: String,
    pub like_count: i32,
    /// Its place in every list, for ever: an edit does not move a post.
    pub created_at: Timestamp,
    /// `None` until it is edited.
    pub edited_at: Option<Timestamp>,
}

/// The text of a post: 1 to 280 Unicode scalar values.
pub type PostText = kit::Text<280>;
