//! Other contexts over HTTP.

mod users;

pub use users::UsersService;
