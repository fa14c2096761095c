use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use common::graphql::{UserError, payload};

use super::{application, user::User};
use crate::app::Registration;

/// What it takes to get an account.
#[derive(InputObject)]
pub struct RegisterInput {
    /// An e-mail address of 254 bytes at most. A mail with a verification token goes to it.
    email: String,
    /// 3 to 30 letters a to z, digits and `_`; unique regardless of case.
    username: String,
    /// 8 to 128 characters.
    password: String,
    /// The name to show, 100 characters at most.
    display_name: Option<String>,
}

/// The new account, or why there is none.
#[derive(SimpleObject)]
pub struct RegisterPayload {
    /// The new account.
    user: Option<User>,
    /// Everything that was wrong: `VALIDATION_FAILED`, `EMAIL_ALREADY_EXISTS`, `USERNAME_ALREADY_EXISTS`.
    user_errors: Vec<UserError>,
}

/// A token from a verification mail.
#[derive(InputObject)]
pub struct VerifyEmailInput {
    /// The token in the mail.
    token: String,
}

/// The account whose address is verified now, or why none is.
#[derive(SimpleObject)]
pub struct VerifyEmailPayload {
    /// The account.
    user: Option<User>,
    /// `VALIDATION_FAILED` for a token we never sent, `TOKEN_EXPIRED` for one that was used or is too old.
    user_errors: Vec<UserError>,
}

/// Whom to send a new verification mail.
#[derive(InputObject)]
pub struct RequestEmailVerificationInput {
    /// The address of the account.
    email: String,
}

/// The same for every address, so that nobody learns who has an account.
#[derive(SimpleObject)]
pub struct RequestEmailVerificationPayload {
    /// `VALIDATION_FAILED` for what is no e-mail address.
    user_errors: Vec<UserError>,
}

/// Whom to send a mail with a reset token.
#[derive(InputObject)]
pub struct RequestPasswordResetInput {
    /// The address of the account.
    email: String,
}

/// The same for every address, so that nobody learns who has an account.
#[derive(SimpleObject)]
pub struct RequestPasswordResetPayload {
    /// `VALIDATION_FAILED` for what is no e-mail address.
    user_errors: Vec<UserError>,
}

/// A new password, and the token that permits it.
#[derive(InputObject)]
pub struct ResetPasswordInput {
    /// The token in the mail.
    token: String,
    /// 8 to 128 characters.
    new_password: String,
}

/// Nothing but what was wrong. All sessions of the account have ended; log in with the new password.
#[derive(SimpleObject)]
pub struct ResetPasswordPayload {
    /// `VALIDATION_FAILED` for a bad password or a token we never sent, `TOKEN_EXPIRED` for one that was used or is too old.
    user_errors: Vec<UserError>,
}

#[derive(Default)]
pub struct AccountMutation;

#[Object]
impl AccountMutation {
    /// Makes an account.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who it is for.")] input: RegisterInput,
    ) -> Result<Option<RegisterPayload>> {
        let registration = Registration {
            email: input.email,
            username: input.username,
            password: input.password.into(),
            display_name: input.display_name,
        };
        let (user, user_errors) = match payload(application(ctx)?.register(registration).await)? {
            Ok(user) => (Some(User::itself(user)), Vec::new()),
            Err(errors) => (None, errors),
        };
        Ok(Some(RegisterPayload { user, user_errors }))
    }

    /// Verifies the address of an account with the token from its mail.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token from the mail.")] input: VerifyEmailInput,
    ) -> Result<Option<VerifyEmailPayload>> {
        let verified = application(ctx)?.verify_email(&input.token.into()).await;
        let (user, user_errors) = match payload(verified)? {
            Ok(user) => (Some(User::itself(user)), Vec::new()),
            Err(errors) => (None, errors),
        };
        Ok(Some(VerifyEmailPayload { user, user_errors }))
    }

    /// Sends the verification mail again, if the address has an account that still needs it.
    async fn request_email_verification(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address.")] input: RequestEmailVerificationInput,
    ) -> Result<Option<RequestEmailVerificationPayload>> {
        let requested = application(ctx)?
            .request_email_verification(&input.email)
            .await;
        let user_errors = payload(requested)?.err().unwrap_or_default();
        Ok(Some(RequestEmailVerificationPayload { user_errors }))
    }

    /// Sends a mail with a token for a new password, if the address has an account.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The address.")] input: RequestPasswordResetInput,
    ) -> Result<Option<RequestPasswordResetPayload>> {
        let requested = application(ctx)?.request_password_reset(&input.email).await;
        let user_errors = payload(requested)?.err().unwrap_or_default();
        Ok(Some(RequestPasswordResetPayload { user_errors }))
    }

    /// Sets a new password with the token from a mail, and ends all sessions of the account.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The token from the mail and the new password.")]
        input: ResetPasswordInput,
    ) -> Result<Option<ResetPasswordPayload>> {
        let reset = application(ctx)?
            .reset_password(&input.token.into(), input.new_password.into())
            .await;
        let user_errors = payload(reset)?.err().unwrap_or_default();
        Ok(Some(ResetPasswordPayload { user_errors }))
    }
}
