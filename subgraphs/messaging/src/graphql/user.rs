use async_graphql::{ID, SimpleObject};

use crate::domain::UserId;

// A reference that the users context resolves. No descriptions: they would become those of its type.
#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct User {
    id: ID,
}

impl User {
    pub fn reference(id: UserId) -> Self {
        Self { id: id.0.into() }
    }
}
