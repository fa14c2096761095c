use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

crate::id!(
    /// The id of a user. The users context owns users; the other contexts refer to them.
    UserId
);

/// Somebody, in short.
// The description is public: it is part of the OpenAPI documents. The users context sends the same fields to the other
// contexts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserSummary {
    #[schema(value_type = Uuid)]
    pub id: UserId,
    #[schema(example = "ada")]
    pub username: String,
    #[schema(required, example = "Ada Lovelace")]
    pub display_name: Option<String>,
    #[schema(required, example = "https://example.com/ada.png")]
    pub avatar_url: Option<String>,
}
