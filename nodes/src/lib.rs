//! `Query.node`: anything by its id (Relay's Global Object Identification), as a subgraph of the graph.
//!
//! An id is a UUID and does not say what it is of, and no context knows the ids of the others. So this subgraph has none of
//! the data: it finds out what kind of thing there is by an id ([`Kinds`]) and answers with a reference, of which the
//! router's engine makes the thing, as it does of any reference from one subgraph to another. The router serves it
//! in its own process (`docs/adr/0014-node-at-the-router.md`).

mod kind;
mod schema;

pub use kind::{Found, Kind, Kinds};
pub use schema::{NodesSchema, execute, schema, sdl};

/// The name of the subgraph in the supergraph.
pub const SUBGRAPH: &str = "nodes";
