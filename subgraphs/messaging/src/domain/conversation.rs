use common::Timestamp;

use super::{ConversationId, MessageId, UserId};

/// Two people, in the order of their ids: the same pair whoever comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub low: UserId,
    pub high: UserId,
}

impl Pair {
    /// `None` when both are the same person.
    pub fn of(one: UserId, other: UserId) -> Option<Self> {
        (one != other).then(|| Self {
            low: one.min(other),
            high: one.max(other),
        })
    }

    /// The one that `user` talks to.
    pub fn other(self, user: UserId) -> UserId {
        if self.low == user {
            self.high
        } else {
            self.low
        }
    }

    pub fn contains(self, user: UserId) -> bool {
        self.low == user || self.high == user
    }
}

/// A conversation as one of its two participants sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversation {
    pub id: ConversationId,
    pub low_user_id: UserId,
    pub high_user_id: UserId,
    pub latest_message_id: Option<MessageId>,
    /// Messages of the other that the viewer has not marked as read.
    pub unread_count: i32,
    /// Time of the latest message, or of the start when there is none.
    pub updated_at: Timestamp,
}

impl Conversation {
    pub fn participants(&self) -> Pair {
        Pair {
            low: self.low_user_id,
            high: self.high_user_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_pair_is_the_same_from_both_sides() {
        let (ada, grace) = (
            UserId::from(Uuid::from_u128(2)),
            UserId::from(Uuid::from_u128(1)),
        );
        assert_eq!(Pair::of(ada, grace), Pair::of(grace, ada));
        assert_eq!(Pair::of(ada, grace).unwrap().low, grace);
    }

    #[test]
    fn nobody_is_a_pair_alone() {
        let ada = UserId::from(Uuid::from_u128(1));
        assert_eq!(Pair::of(ada, ada), None);
    }
}
