//! Who may do what in this context: every rule about a person and what they want to do something to, and nothing else.
//! What is needed to decide is passed in. Lists and look-ups by id need no decision: their statements join
//! `messaging.participants` and find nothing for anybody else. docs/access.md lists these rules with those of the other
//! contexts.

use super::{AppError, Result};
use crate::domain::{Pair, UserId};

/// Only its two participants read a conversation, mark it as read, and write to it.
pub(super) fn take_part(user: UserId, participants: Pair) -> Result<()> {
    if participants.contains(user) {
        Ok(())
    } else {
        Err(AppError::NotAParticipant)
    }
}

/// Nobody writes to themselves.
pub(super) fn write_to(sender: UserId, recipient: UserId) -> Result<Pair> {
    Pair::of(sender, recipient).ok_or(AppError::RecipientIsSender)
}

/// Neither of two writes to the other while one of them blocks the other. What they wrote before stays theirs to read.
pub(super) fn write_while(blocked: bool) -> Result<()> {
    if blocked {
        Err(AppError::KeptApart)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn people() -> [UserId; 3] {
        [1, 2, 3].map(|n| UserId::from(Uuid::from_u128(n)))
    }

    #[test]
    fn a_conversation_is_for_its_two() {
        let [ada, grace, linus] = people();
        let pair = write_to(ada, grace).unwrap();
        for participant in [ada, grace] {
            assert!(take_part(participant, pair).is_ok());
        }
        let stranger = take_part(linus, pair);
        assert!(matches!(stranger, Err(AppError::NotAParticipant)));
    }

    #[test]
    fn nobody_writes_to_themselves_or_past_a_block() {
        let [ada, ..] = people();
        let itself = write_to(ada, ada);
        assert!(matches!(itself, Err(AppError::RecipientIsSender)));
        assert!(write_while(false).is_ok());
        let apart = write_while(true);
        assert!(matches!(apart, Err(AppError::KeptApart)));
    }
}
