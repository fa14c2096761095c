//! Pages as connections (Relay cursor connections).

use async_graphql::connection::{Connection, Edge};
use common::page::{CursorKind, Page, Window};

use super::post::Post;
use crate::{app::place, domain};

pub type PostConnection = Connection<String, Post>;

/// A page as a connection. Whether something is before a page that began after a cursor is not looked up: it usually is.
pub fn connection(page: Page<domain::Post>, window: Window, kind: CursorKind) -> PostConnection {
    let mut connection = Connection::new(window.after.is_some(), page.has_next);
    connection.edges.extend(page.items.into_iter().map(|post| {
        let cursor = place(&post).to_cursor(kind);
        Edge::new(cursor, Post(post))
    }));
    connection
}
