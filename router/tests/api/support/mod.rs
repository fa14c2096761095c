//! What the tests are made of: subgraphs, a router in front of them, tokens.

mod backend;
mod entities;
mod events;
mod feed;
mod graph;
mod raw;
mod router;
mod service;
mod socket;
mod store;
mod tokens;

pub use backend::Backend;
pub use entities::{COMMITTED, Entity, entities};
pub use events::Events;
pub use graph::Graph;
pub use raw::{RawAnswer, exchange, parsed};
pub use router::{Answer, Router, logs_of_refused_start};
pub use socket::Socket;
pub use store::Store;
pub use tokens::{Forge, claims, forge, id, token, unsigned};
