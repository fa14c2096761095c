//! The values of the posts context. Text from outside becomes one of these types or is refused, once, here.

mod change;
mod followees;
mod id;
mod moment;
mod place;
mod post;

pub use change::{Change, ChangeKind, Changes};
pub use followees::Followees;
pub use id::PostId;
pub use kit::{UserId, UserSummary};
pub use moment::{Moment, NoSnapshot, Snapshot};
pub use place::Place;
pub use post::{Post, PostText};
