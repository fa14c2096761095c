//! The values of the users context. Text from outside becomes one of these types or is refused, once, here.

mod avatar;
mod email;
mod mail;
mod password;
mod profile;
mod role;
mod session;
mod token;
mod user;
mod username;

pub use avatar::{AvatarName, AvatarUpload, BadUpload, MAX_UPLOAD, PictureFormat, StoredAvatar};
pub use email::Email;
pub use kit::{UserId, UserSummary};
pub use mail::MailKind;
pub use password::Password;
pub use profile::{AvatarUrl, Bio, Change, DisplayName, ProfileChanges};
pub use role::Role;
pub use session::{Family, Presented, SessionInfo};
pub use token::{Token, TokenHash};
pub use user::{Account, Block, Follow, User};
pub use username::{Username, UsernamePrefix};

/// Why a value is not accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// What is wrong with it, such as `TOO_LONG`.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Invalid {
    fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }
}
