//! A new password for somebody who forgot the old one.

use secrecy::{ExposeSecret, SecretString};

use super::{App, AppError, Result, fields::Fields, sessions, verification::unknown_token};
use crate::{
    db,
    domain::{MailKind, Password, TokenHash},
};

impl App {
    /// Sends a mail with a reset token, if there is such an account. The answer is the same if not.
    pub async fn request_password_reset(&self, email: &str) -> Result<()> {
        self.request_mail(MailKind::ResetPassword, email).await
    }

    /// Sets a new password, ends all sessions of the account and uses up every other reset token of it.
    pub async fn reset_password(&self, token: &SecretString, new: SecretString) -> Result<()> {
        let mut fields = Fields::default();
        let password = fields.take("new_password", Password::parse(new));
        let hash = TokenHash::of(token);
        let purpose = MailKind::ResetPassword;
        let found = {
            let mut conn = self.pool.acquire().await?;
            db::one_time_tokens::find(&mut conn, &hash, purpose, self.clock.now()).await?
        };
        let found = fields.take("token", found.ok_or_else(unknown_token));
        let (Some(password), Some((owner, good))) = (password, found) else {
            return Err(fields.refused());
        };
        // No hashing for a token that cannot be used.
        if !good {
            return Err(AppError::TokenSpent);
        }
        let password = self.passwords.hash(password.into_secret()).await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        // The account first: two tokens of one account, used at once, then wait for each other in one order.
        db::users::lock(&mut tx, &[owner]).await?;
        if !db::one_time_tokens::consume(&mut tx, &hash, now).await? {
            return Err(AppError::TokenSpent);
        }
        db::users::reset_password(&mut tx, owner, password.expose_secret(), now).await?;
        db::one_time_tokens::consume_all(&mut tx, owner, purpose, now).await?;
        let ended = db::sessions::revoke_all(&mut tx, owner, None, now).await?;
        tx.commit().await?;
        sessions::all_ended("reset_password", owner, ended);
        Ok(())
    }
}
