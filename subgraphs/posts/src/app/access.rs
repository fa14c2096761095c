//! Who may do what in this context: every rule about a person and what they want to do something to, and nothing else.
//! What is needed to decide is passed in. Everybody may read and like every post. docs/access.md lists these rules with
//! those of the other contexts.

use common::auth::Viewer;

use super::{AppError, Result};
use crate::domain::UserId;

/// The role of those who take away what others wrote. The users service gives it; an access token names it.
const MODERATOR: &str = "moderator";

/// A post says what its author wants it to say: nobody else edits it, whatever their role.
pub(super) fn edit(viewer: &Viewer, author: UserId) -> Result<()> {
    if wrote(viewer, author) {
        Ok(())
    } else {
        Err(AppError::NotPostAuthor)
    }
}

/// A post is deleted by its author, or by a moderator.
pub(super) fn delete(viewer: &Viewer, author: UserId) -> Result<()> {
    if wrote(viewer, author) || is_moderator(viewer) {
        Ok(())
    } else {
        Err(AppError::NotPostAuthor)
    }
}

pub(super) fn wrote(viewer: &Viewer, author: UserId) -> bool {
    UserId::from(viewer.id) == author
}

fn is_moderator(viewer: &Viewer) -> bool {
    viewer.roles().iter().any(|role| role == MODERATOR)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use common::clock::{Clock, SystemClock};
    use testkit::{Authority, tokens};

    use super::*;

    fn somebody(roles: &[&str]) -> Arc<Viewer> {
        let mut claims = Authority::claims(SystemClock.new_id(), &SystemClock);
        claims.roles = roles.iter().map(|role| (*role).to_owned()).collect();
        tokens().viewer(&tokens().sign(&claims), SystemClock::shared())
    }

    #[test]
    fn posts_are_edited_by_their_authors_and_deleted_by_moderators_too() {
        let author = somebody(&["user"]);
        let of: UserId = author.id.into();
        for (roles, deletes) in [
            (&["user"][..], false),
            (&[], false),
            (&["Moderator", "moderators", "admin"], false),
            (&["user", "moderator"], true),
        ] {
            let other = somebody(roles);
            assert!(edit(&other, of).is_err(), "{roles:?}");
            assert_eq!(delete(&other, of).is_ok(), deletes, "{roles:?}");
        }
        assert!(edit(&author, of).is_ok() && delete(&author, of).is_ok());
    }
}
