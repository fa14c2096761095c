//! IDs as parameters of statements.

use uuid::Uuid;

use crate::domain::UserId;

/// IDs as a parameter of type `uuid[]`.
pub(super) fn uuids(ids: &[UserId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.as_uuid()).collect()
}
