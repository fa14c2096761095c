use std::sync::Arc;

use uuid::Uuid;

use super::UserId;

/// Whom somebody follows: a set of ids, shared and never copied, because it can have tens of thousands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followees(Arc<[Uuid]>);

impl Followees {
    /// The set of these ids.
    pub fn new(mut ids: Vec<Uuid>) -> Self {
        ids.sort_unstable();
        ids.dedup();
        Self(ids.into())
    }

    pub fn contains(&self, user: UserId) -> bool {
        self.0.binary_search(&user.as_uuid()).is_ok()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_uuids(&self) -> &[Uuid] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_set_however_the_ids_come() {
        let id = Uuid::from_u128;
        let followees = Followees::new(vec![id(3), id(1), id(3), id(2)]);
        assert_eq!(followees.len(), 3);
        for present in [1, 2, 3] {
            assert!(followees.contains(id(present).into()));
        }
        for absent in [0, 4] {
            assert!(!followees.contains(id(absent).into()));
        }
        assert!(Followees::new(Vec::new()).is_empty());
    }
}
