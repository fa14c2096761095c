//! The values of the posts context. Text from outside becomes one of these types or is refused, once, here.

mod change;
mod followees;
mod id;
mod position;
mod post;
mod read_point;

pub use change::{Change, ChangeKind, Changes};
pub use followees::Followees;
pub use id::PostId;
pub use kit::{UserId, UserSummary};
pub use position::Position;
pub use post::{Post, PostText};
pub use read_point::{MalformedSnapshot, ReadPoint, Snapshot};
