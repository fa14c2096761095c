//! Other contexts, over HTTP.

mod users;
mod versions;

pub use users::UsersService;
