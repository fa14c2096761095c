//! Lists of users, after the Relay cursor connections specification.

use async_graphql::{
    OutputType, SimpleObject,
    connection::{Connection, ConnectionNameType, Edge, EdgeNameType, EmptyFields},
};
use common::page::{CursorKind, Page, Window};

use super::user::User;
use crate::app::Listing;

pub struct UserConnectionName;

impl ConnectionNameType for UserConnectionName {
    fn type_name<T: OutputType>() -> String {
        "UserConnection".to_owned()
    }
}

pub struct UserEdgeName;

impl EdgeNameType for UserEdgeName {
    fn type_name<T: OutputType>() -> String {
        "UserEdge".to_owned()
    }
}

#[derive(SimpleObject)]
pub struct Totals {
    /// How many there are in the whole list.
    total_count: i32,
}

pub type UserConnection =
    Connection<String, User, Totals, EmptyFields, UserConnectionName, UserEdgeName>;

/// A page as a connection.
pub(super) fn connection(
    page: Page<Listing>,
    window: Window,
    kind: CursorKind,
    total_count: i32,
) -> UserConnection {
    // Forwards only: what is before a cursor was on the pages before.
    let mut connection = Connection::with_additional_fields(
        window.after.is_some(),
        page.has_next,
        Totals { total_count },
    );
    connection.edges = page
        .items
        .into_iter()
        .map(|listing| Edge::new(listing.place.to_cursor(kind), User::from(listing.user)))
        .collect();
    connection
}
