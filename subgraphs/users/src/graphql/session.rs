use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use common::graphql::{UserError, payload};
use secrecy::ExposeSecret;

use super::{application, origin_of, user::User, viewer_id};
use crate::app::{ACCESS_TOKEN_SECONDS, AppError, Session};

/// Who signs in.
#[derive(InputObject)]
pub struct LoginInput {
    /// The address of the account, in any case.
    email: String,
    /// The password of the account.
    password: String,
}

/// The old password and the new one.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The present password of the account.
    current_password: String,
    /// 8 to 128 characters.
    new_password: String,
}

/// A refresh token to exchange.
#[derive(InputObject)]
pub struct RefreshSessionInput {
    /// The newest one of the session.
    refresh_token: String,
}

/// A session to end.
#[derive(InputObject)]
pub struct LogoutInput {
    /// A refresh token of the session.
    refresh_token: String,
}

/// What it takes to act as a user, or why there is nothing.
#[derive(SimpleObject, Default)]
pub struct SessionPayload {
    /// A JWT for `Authorization: Bearer …`.
    access_token: Option<String>,
    /// `bearer`.
    token_type: Option<String>,
    /// Seconds until the access token ends.
    expires_in: Option<i32>,
    /// Good once, for 30 days: exchange it for a new session with `refreshSession`. Presented again it ends the session.
    refresh_token: Option<String>,
    /// Who is signed in.
    user: Option<User>,
    /// `INVALID_CREDENTIALS`, `EMAIL_NOT_VERIFIED`, `INVALID_REFRESH_TOKEN`, or `VALIDATION_FAILED` for a new password.
    user_errors: Vec<UserError>,
}

/// Nothing but what was wrong.
#[derive(SimpleObject)]
pub struct LogoutPayload {
    /// Always empty: ending what has ended changes nothing.
    user_errors: Vec<UserError>,
}

impl SessionPayload {
    fn of(result: std::result::Result<Session, AppError>) -> Result<Option<Self>> {
        Ok(Some(match payload(result)? {
            Ok(session) => Self {
                access_token: Some(session.access_token.expose_secret().to_owned()),
                token_type: Some("bearer".to_owned()),
                expires_in: i32::try_from(ACCESS_TOKEN_SECONDS).ok(),
                refresh_token: Some(session.refresh_token.expose_secret().to_owned()),
                user: Some(User::itself(session.user)),
                user_errors: Vec::new(),
            },
            Err(user_errors) => Self {
                user_errors,
                ..Self::default()
            },
        }))
    }
}

#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs in. `RATE_LIMITED` among the top-level errors after 10 failures within 15 minutes for one account from one
    /// address; `extensions.retryAfter` says for how many seconds.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Address and password.")] input: LoginInput,
    ) -> Result<Option<SessionPayload>> {
        let session = application(ctx)?
            .log_in(&input.email, input.password.into(), origin_of(ctx)?)
            .await;
        SessionPayload::of(session)
    }

    /// Changes the signed-in user's password. All sessions of the account end, the present one too; the answer is a new
    /// one. Guessing the present password is limited as it is for `login`.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The old password and the new one.")] input: ChangePasswordInput,
    ) -> Result<Option<SessionPayload>> {
        let (current, new) = (input.current_password.into(), input.new_password.into());
        let session = application(ctx)?
            .change_password(viewer_id(ctx)?, current, new, origin_of(ctx)?)
            .await;
        SessionPayload::of(session)
    }

    /// Exchanges a refresh token for a new pair of tokens.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The refresh token.")] input: RefreshSessionInput,
    ) -> Result<Option<SessionPayload>> {
        let session = application(ctx)?.refresh(&input.refresh_token.into()).await;
        SessionPayload::of(session)
    }

    /// Ends a session: none of its refresh tokens works any more.
    async fn logout(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A refresh token of the session.")] input: LogoutInput,
    ) -> Result<Option<LogoutPayload>> {
        let ended = application(ctx)?.log_out(&input.refresh_token.into()).await;
        let user_errors = payload(ended)?.err().unwrap_or_default();
        Ok(Some(LogoutPayload { user_errors }))
    }
}
