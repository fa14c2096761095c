//! `Query.node`: any object by its ID (Relay's Global Object Identification), as a subgraph.
//!
//! An ID is a UUID without a type, and no context knows the IDs of the others. This subgraph stores no data: it looks up the
//! kind of an ID ([`KindLookup`]) and answers with an entity reference, which the router's engine resolves like any
//! reference between subgraphs. The router serves it in its own process (`docs/adr/0014-node-at-the-router.md`).: anything by its id (Relay's Global Object Identification), as a subgraph of the graph.
//!
//! An id is a UUID and does not say what it is of, and no context knows the ids of the others. So this subgraph has none of
//! the data: it finds out what kind of thing there is by an id ([`KindLookup`]) and answers with a reference, of which the
//! router's engine makes the thing, as it does of any reference from one subgraph to another. The router serves it
//! in its own process (`docs/adr/0014-node-at-the-router.md`).

mod kind;
pub mod lookup;
mod schema;

pub use kind::{Kind, KindLookup, KindResult};
pub use schema::{NodeSchema, execute, schema, sdl};

/// Name of the subgraph in the supergraph.
pub const SUBGRAPH: &str = "nodes";
