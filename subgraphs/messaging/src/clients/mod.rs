//! Other contexts over HTTP, and the bus.

mod nats;
mod users;

pub use nats::NatsBus;
pub use users::UsersService;
