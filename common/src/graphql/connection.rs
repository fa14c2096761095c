use async_graphql::{
    OutputType,
    connection::{Connection, Edge},
};

use crate::page::{CursorKind, Keyset, Page, Window};

/// A page as a Relay connection. Whether there are items before a page that began after a cursor is not looked up: there
/// usually are.
pub fn connection<T, N: OutputType>(
    page: Page<T>,
    window: Window,
    kind: CursorKind,
    place: impl Fn(&T) -> Keyset,
    node: impl Fn(T) -> N,
) -> Connection<String, N> {
    let mut connection = Connection::new(window.after.is_some(), page.has_next);
    connection.edges.extend(page.items.into_iter().map(|item| {
        let cursor = place(&item).to_cursor(kind);
        Edge::new(cursor, node(item))
    }));
    connection
}
