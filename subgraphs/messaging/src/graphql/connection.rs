//! Pages as connections (Relay cursor connections).

use async_graphql::{
    OutputType,
    connection::{Connection, Edge},
};
use common::page::{CursorKind, Keyset, Page};

/// A page as a connection. `continues` says that it began after a cursor; whether something is before it is not looked up
/// then, for it usually is.
pub fn connection<T, N: OutputType>(
    page: Page<T>,
    kind: CursorKind,
    continues: bool,
    place: impl Fn(&T) -> Keyset,
    node: impl Fn(T) -> N,
) -> Connection<String, N> {
    let mut connection = Connection::new(continues, page.has_next);
    connection.edges.extend(page.items.into_iter().map(|item| {
        let cursor = place(&item).to_cursor(kind);
        Edge::new(cursor, node(item))
    }));
    connection
}
