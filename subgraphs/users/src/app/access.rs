//! Who may do what in this context: every rule about a person and what they want to do something to, and nothing else.
//! What is needed to decide is passed in; who calls has it from the database, in the transaction of the change.
//! docs/access.md lists these rules with those of the other contexts.

use super::{AppError, Result};
use crate::domain::UserId;

/// Nobody follows themselves, nor somebody from whom a block keeps them apart, whichever of the two it is that blocks.
pub(super) fn follow(viewer: UserId, whom: UserId, apart: bool) -> Result<()> {
    if viewer == whom {
        return Err(AppError::CannotFollowSelf);
    }
    if apart {
        Err(AppError::KeptApart)
    } else {
        Ok(())
    }
}

/// Everybody blocks whom they like, but for themselves.
pub(super) fn block(viewer: UserId, whom: UserId) -> Result<()> {
    if viewer == whom {
        return Err(AppError::CannotBlockSelf);
    }
    Ok(())
}

/// An e-mail address is shown to the account's owner alone.
pub fn sees_email(viewer: Option<UserId>, whose: UserId) -> bool {
    viewer == Some(whose)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn people() -> [UserId; 2] {
        [1, 2].map(|n| UserId::from(Uuid::from_u128(n)))
    }

    #[test]
    fn people_follow_others_unless_a_block_keeps_them_apart() {
        let [ada, grace] = people();
        assert!(follow(ada, grace, false).is_ok());
        assert!(matches!(follow(ada, grace, true), Err(AppError::KeptApart)));
        for apart in [false, true] {
            let itself = follow(ada, ada, apart);
            assert!(matches!(itself, Err(AppError::CannotFollowSelf)));
        }
    }

    #[test]
    fn people_block_everybody_but_themselves() {
        let [ada, grace] = people();
        assert!(block(ada, grace).is_ok());
        assert!(matches!(block(ada, ada), Err(AppError::CannotBlockSelf)));
    }

    #[test]
    fn an_address_is_its_owners() {
        let [ada, grace] = people();
        assert!(sees_email(Some(ada), ada));
        for other in [Some(grace), None] {
            assert!(!sees_email(other, ada));
        }
    }
}
