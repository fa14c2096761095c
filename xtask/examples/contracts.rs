//! Prints the federation SDL of every subgraph, and the OpenAPI document of every context, as one JSON object, for `cargo xtask schema`.
//!
//! An example and not a part of xtask, so that xtask itself builds without the subgraphs.

use serde_json::json;

fn main() -> Result<(), serde_json::Error> {
    let contracts = json!({
        "users": { "sdl": users::graphql::sdl(), "openapi": users::rest::openapi() },
        "posts": { "sdl": posts::graphql::sdl(), "openapi": posts::rest::openapi() },
        "messaging": { "sdl": messaging::graphql::sdl(), "openapi": messaging::rest::openapi() },
        "nodes": { "sdl": node_subgraph::sdl() },
    });
    println!("{}", serde_json::to_string(&contracts)?);
    Ok(())
}
