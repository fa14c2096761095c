//! What users look like.

use common::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain;

/// Somebody with an account, as everybody sees them.
#[derive(Serialize, ToSchema)]
pub(super) struct User {
    id: Uuid,
    #[schema(example = "ada")]
    username: String,
    #[schema(required, example = "Ada Lovelace")]
    display_name: Option<String>,
    #[schema(required, example = "First programmer.")]
    bio: Option<String>,
    #[schema(required, example = "https://example.com/ada.png")]
    avatar_url: Option<String>,
    created_at: Timestamp,
    #[schema(minimum = 0)]
    follower_count: i32,
    #[schema(minimum = 0)]
    followee_count: i32,
}

/// The caller's own account.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    #[serde(flatten)]
    user: User,
    /// Only the account's owner sees it.
    #[schema(format = Email, example = "ada@example.com")]
    email: String,
}

impl From<domain::User> for User {
    fn from(user: domain::User) -> Self {
        Self {
            id: user.id.as_uuid(),
            username: user.username,
            display_name: user.display_name,
            bio: user.bio,
            avatar_url: user.avatar_url,
            created_at: user.created_at,
            follower_count: user.follower_count,
            followee_count: user.followee_count,
        }
    }
}

impl From<domain::User> for Me {
    fn from(mut user: domain::User) -> Self {
        Self {
            email: std::mem::take(&mut user.email),
            user: user.into(),
        }
    }
}
