use common::Timestamp;
use uuid::Uuid;

/// A session as its owner sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionInfo {
    pub id: Uuid,
    pub created_at: Timestamp,
    /// When it last got new tokens.
    pub last_used_at: Timestamp,
    /// When it ends unless it is used before.
    pub expires_at: Timestamp,
    pub user_agent: Option<String>,
    pub address: Option<String>,
}

/// What the tokens of a session have come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// The newest generation of which a token was exchanged; 0 is none.
    pub exchanged_generation: i32,
    pub exchanged_at: Option<Timestamp>,
}

/// What it means that a refresh token is presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presented {
    /// For the first time: it is exchanged for the next one.
    First,
    /// By a request that arrived before another one had exchanged it: the two raced, and neither client can know the
    /// answer to the other.
    Racing,
    /// Again, by somebody who can know the answer to the first time. One of the two has stolen it.
    Again,
}

impl Family {
    /// `generation` is that of the token, `was_rotated` whether it was exchanged itself, `arrived` when its request came
    /// in. A race is told by the order of events and not by a span of time, in which a thief could hide.
    pub fn judge(self, generation: i32, was_rotated: bool, arrived: Timestamp) -> Presented {
        let is_newest = generation == self.exchanged_generation;
        if generation > self.exchanged_generation && !was_rotated {
            Presented::First
        } else if is_newest
            && self
                .exchanged_at
                .is_some_and(|exchanged| arrived < exchanged)
        {
            Presented::Racing
        } else {
            Presented::Again
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    #[test]
    fn only_a_request_from_before_the_exchange_races() {
        let family = Family {
            exchanged_generation: 3,
            exchanged_at: Some(at(1_000)),
        };
        let judge =
            |generation, was_rotated, arrived| family.judge(generation, was_rotated, at(arrived));
        assert_eq!(judge(4, false, 2_000), Presented::First);
        assert_eq!(judge(3, true, 999), Presented::Racing);
        assert_eq!(
            judge(3, false, 999),
            Presented::Racing,
            "of its siblings one was used"
        );
        for (generation, was_rotated, arrived) in [
            (3, true, 1_000),
            (3, true, 1_001),
            (3, false, 1_000),
            (2, true, 999),
            (4, true, 999),
            (1, true, 0),
        ] {
            let presented = judge(generation, was_rotated, arrived);
            assert_eq!(presented, Presented::Again, "{generation} at {arrived}");
        }
    }

    #[test]
    fn the_first_token_of_a_family_is_new() {
        let family = Family {
            exchanged_generation: 0,
            exchanged_at: None,
        };
        assert_eq!(family.judge(1, false, at(0)), Presented::First);
        assert_eq!(
            family.judge(1, true, at(0)),
            Presented::Again,
            "exchanged before there were generations"
        );
    }
}
