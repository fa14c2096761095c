//! Somebody in a list of people.

use common::{Timestamp, page::Keyset};

use crate::domain::{User, UserId};

/// Somebody in a list of followers, of followees, or of people who are blocked.
pub struct Listed {
    /// Whose list it is.
    pub list_of: UserId,
    pub place: Keyset,
    pub user: User,
}

/// A row of a list as the statements select it: whose list it is, since when somebody is in it, and who that is.
pub(super) struct Row {
    pub list_of: UserId,
    pub listed_at: Timestamp,
    pub id: UserId,
    pub email: String,
    pub username: String,
    pub display_name: Option<String>,
    pub bio: Option<String>,
    pub avatar_url: Option<String>,
    pub roles: Vec<String>,
    pub created_at: Timestamp,
    pub follower_count: i32,
    pub followee_count: i32,
}

impl From<Row> for Listed {
    fn from(row: Row) -> Self {
        Self {
            list_of: row.list_of,
            place: Keyset {
                at: row.listed_at,
                id: row.id.as_uuid(),
            },
            user: User {
                id: row.id,
                email: row.email,
                username: row.username,
                display_name: row.display_name,
                bio: row.bio,
                avatar_url: row.avatar_url,
                roles: row.roles,
                created_at: row.created_at,
                follower_count: row.follower_count,
                followee_count: row.followee_count,
            },
        }
    }
}
