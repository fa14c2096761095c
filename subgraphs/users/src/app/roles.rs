//! Giving roles and taking them away: for an operator with the service's database, by no interface of the service.

use std::fmt;

use common::audit;
use sqlx::PgPool;

use crate::{
    db,
    domain::{Role, Username},
};

/// What an operator wants of an account's roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoleChange {
    Grant,
    Revoke,
}

/// What became of it, in words for the operator.
#[derive(Debug)]
pub struct ChangedRole {
    username: String,
    role: Role,
    has: bool,
    is_new: bool,
}

impl fmt::Display for ChangedRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { username, role, .. } = self;
        let role = role.as_str();
        match (self.has, self.is_new) {
            (true, true) => write!(
                f,
                "{username} has the role {role} from the next access token on: at the next refresh, within 15 minutes"
            ),
            (false, true) => write!(
                f,
                "{username} has the role {role} no longer from the next access token on: at the next refresh, within 15 minutes"
            ),
            (true, false) => write!(f, "{username} has the role {role} already"),
            (false, false) => write!(f, "{username} does not have the role {role}"),
        }
    }
}

/// Why it did not happen, in words for the operator.
#[derive(Debug, thiserror::Error)]
pub enum RoleError {
    #[error("there is no role `{0}`; the roles are user and moderator")]
    UnknownRole(String),
    #[error("everybody is a user: the role cannot be revoked")]
    Permanent,
    #[error("there is no user `{0}`")]
    UnknownUser(String),
    #[error("cannot use the database: {0}")]
    Database(#[from] sqlx::Error),
}

/// Gives a role to the account of a handle, or takes it away. Doing so again changes nothing. Access tokens that are out
/// already stay what they are until they end.
pub async fn change(
    pool: &PgPool,
    change: RoleChange,
    username: &str,
    role: &str,
) -> Result<ChangedRole, RoleError> {
    let role = Role::parse(role).ok_or_else(|| RoleError::UnknownRole(role.to_owned()))?;
    let has = change == RoleChange::Grant;
    if role == Role::User && !has {
        return Err(RoleError::Permanent);
    }
    let unknown = || RoleError::UnknownUser(username.to_owned());
    let handle = Username::parse(username).map_err(|_invalid| unknown())?;
    let mut tx = pool.begin().await?;
    let mut account = db::roles::lock(&mut tx, &handle)
        .await?
        .ok_or_else(unknown)?;
    let had = account.roles.iter().any(|name| name == role.as_str());
    if had != has {
        account.roles.retain(|name| name != role.as_str());
        if has {
            account.roles.push(role.as_str().to_owned());
        }
        db::roles::set(&mut tx, &account).await?;
    }
    tx.commit().await?;
    if had != has {
        let event = match change {
            RoleChange::Grant => "grant_role",
            RoleChange::Revoke => "revoke_role",
        };
        audit::Event::new(event, &"operator", &account.id)
            .detail(&role.as_str())
            .done();
    }
    Ok(ChangedRole {
        username: handle.as_str().to_owned(),
        role,
        has,
        is_new: had != has,
    })
}
