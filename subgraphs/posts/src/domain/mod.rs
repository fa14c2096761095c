//! The values of the posts context. Text from outside becomes one of these types or is refused, once, here.

mod author;
mod followees;
mod id;
mod post;

pub use author::Author;
pub use followees::Followees;
pub use id::{PostId, UserId};
pub use post::{MAX_TEXT_LENGTH, Post, PostText, TextError};
