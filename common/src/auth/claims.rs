use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What an access token says. `sub` and `user_id` are the same id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    pub iss: String,
    pub aud: String,
    pub sub: Uuid,
    /// Seconds since the epoch.
    pub iat: i64,
    /// Seconds since the epoch; the token is good before, not at, this second.
    pub exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nbf: Option<i64>,
    pub jti: Uuid,
    pub user_id: Uuid,
    /// The session that the token came from (`sid` of the IANA registry of claims).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sid: Option<Uuid>,
    pub email: String,
    #[serde(default)]
    pub roles: Vec<String>,
    #[serde(default)]
    pub scope: String,
}
