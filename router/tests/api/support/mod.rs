//! What the tests are made of: subgraphs, a router in front of them, tokens.

mod graph;
mod router;
mod service;
mod tokens;

pub use graph::Graph;
pub use router::{Answer, Router, logs_of_refused_start};
pub use tokens::{Forge, claims, forge, id, token, unsigned};
