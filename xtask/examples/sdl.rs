//! Prints the federation SDL of every subgraph as one JSON object, for `cargo xtask schema`.
//!
//! An example and not a part of xtask, so that xtask itself builds without the subgraphs.

use std::collections::BTreeMap;

fn main() -> Result<(), serde_json::Error> {
    let sdl = BTreeMap::from([
        ("users", users::graphql::sdl()),
        ("posts", posts::graphql::sdl()),
        ("messaging", messaging::graphql::sdl()),
    ]);
    println!("{}", serde_json::to_string(&sdl)?);
    Ok(())
}
