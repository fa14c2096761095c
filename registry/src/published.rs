//! Published schemas, read back from a registry.

use crate::compose::Subgraph;
use crate::failure::{Failure, Result};
use crate::{Entry, Registry};

/// The subgraphs of a version, in the order of their names.
pub async fn subgraphs_of(registry: &Registry, entry: &Entry) -> Result<Vec<Subgraph>> {
    let mut subgraphs = Vec::new();
    for (name, subgraph) in &entry.subgraphs {
        subgraphs.push(Subgraph {
            name: name.clone(),
            url: subgraph.routing_url.clone(),
            file: format!("{name}, version {}", subgraph.version),
            sdl: registry
                .document(subgraph.schema)
                .await
                .map_err(|error| Failure::new(error.to_string()))?,
        });
    }
    Ok(subgraphs)
}
