//! How the domain's ids look to PostgreSQL. The domain itself knows nothing of it.

use sqlx::{
    Decode, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueRef},
};
use uuid::Uuid;

use crate::domain::UserId;

impl Type<Postgres> for UserId {
    fn type_info() -> PgTypeInfo {
        <Uuid as Type<Postgres>>::type_info()
    }
}

impl<'r> Decode<'r, Postgres> for UserId {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        <Uuid as Decode<Postgres>>::decode(value).map(Self::from)
    }
}

impl Encode<'_, Postgres> for UserId {
    fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        <Uuid as Encode<Postgres>>::encode_by_ref(&self.as_uuid(), buffer)
    }
}

/// Ids as a parameter of type `uuid[]`.
pub(super) fn uuids(ids: &[UserId]) -> Vec<Uuid> {
    ids.iter().map(|id| id.as_uuid()).collect()
}
