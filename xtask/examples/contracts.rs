//! Prints the federation SDL of every subgraph, and the OpenAPI document and error codes of every context, as one JSON object
//! for `cargo xtask schema`.
//!
//! An example and not a part of xtask, so that xtask itself builds without the subgraphs.

use common::error::ERROR_CODES as COMMON;
use serde_json::json;

fn main() -> Result<(), serde_json::Error> {
    let contracts = json!({
        "users": {
            "sdl": users::graphql::sdl(),
            "openapi": users::rest::openapi(),
            "errorCodes": ([users::ERROR_CODES, COMMON].concat()),
        },
        "posts": {
            "sdl": posts::graphql::sdl(),
            "openapi": posts::rest::openapi(),
            "errorCodes": ([posts::ERROR_CODES, COMMON].concat()),
        },
        "messaging": {
            "sdl": messaging::graphql::sdl(),
            "openapi": messaging::rest::openapi(),
            "errorCodes": ([messaging::ERROR_CODES, COMMON].concat()),
        },
        "nodes": { "sdl": node_subgraph::sdl() },
    });
    println!("{}", serde_json::to_string(&contracts)?);
    Ok(())
}
