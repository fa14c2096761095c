use common::Timestamp;
use secrecy::SecretString;

use super::{UserId, UserSummary};

/// Somebody with an account, as others see them, and the address that only they see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    pub email: String,
    pub username: String,
    pub display_name: Option<String>,
    pub bio: Option<String>,
    pub avatar_url: Option<String>,
    /// What access tokens say of them, such as `user`.
    pub roles: Vec<String>,
    pub created_at: Timestamp,
    pub follower_count: i32,
    pub followee_count: i32,
}

/// That one user follows another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Follow {
    pub follower: UserId,
    pub followee: UserId,
}

/// That one user blocks another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    pub blocker: UserId,
    pub blocked: UserId,
}

impl From<User> for UserSummary {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            username: user.username,
            display_name: user.display_name,
            avatar_url: user.avatar_url,
        }
    }
}

/// What signing in needs to know.
#[derive(Clone, Debug)]
pub struct Account {
    pub id: UserId,
    /// As it was typed at registration.
    pub email: String,
    pub password_hash: SecretString,
    /// Counts changes of the password.
    pub password_version: i32,
    pub email_verified_at: Option<Timestamp>,
}
