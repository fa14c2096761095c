//! Proving that an account's owner reads its address.

use common::audit;
use secrecy::SecretString;

use super::{App, AppError, Result, fields};
use crate::{
    db,
    domain::{Email, Invalid, MailKind, TokenHash, User},
};

impl App {
    /// Verifies the address of the account that the token was sent to.
    pub async fn verify_email(&self, token: &SecretString) -> Result<User> {
        let (hash, now) = (TokenHash::of(token), self.clock.now());
        let mut tx = self.pool.begin().await?;
        let found = db::one_time_tokens::find(&mut tx, &hash, MailKind::VerifyEmail, now).await?;
        let Some((owner, _)) = found else {
            return Err(fields::refuse("token", unknown_token()));
        };
        if !db::one_time_tokens::consume(&mut tx, &hash, now).await? {
            return Err(AppError::TokenSpent);
        }
        let user = db::users::set_email_verified(&mut tx, owner, now).await?;
        tx.commit().await?;
        audit::Event::new("verify_email", &owner, &owner).done();
        user.ok_or_else(|| fields::refuse("token", unknown_token()))
    }

    /// Sends the mail that verifies an address once more, if an account needs it. The answer is the same if not.
    pub async fn request_email_verification(&self, email: &str) -> Result<()> {
        self.request_mail(MailKind::VerifyEmail, email).await
    }

    /// Puts down that somebody asked for a mail. Whether there is an account to send it to, the worker finds out: this
    /// does the same for every address.
    pub(super) async fn request_mail(&self, kind: MailKind, email: &str) -> Result<()> {
        let email = Email::parse(email).map_err(|invalid| fields::refuse("email", invalid))?;
        let (id, now) = (self.clock.new_id(), self.clock.now());
        let mut conn = self.pool.acquire().await?;
        db::outbox::insert_requested(&mut conn, id, kind, &email, now).await?;
        self.mail_is_due.notify_one();
        Ok(())
    }
}

/// The answer for a token that we never sent.
pub(super) fn unknown_token() -> Invalid {
    Invalid {
        code: "UNKNOWN_TOKEN",
        message: "This is no token of ours. Copy the whole token from the mail.".to_owned(),
    }
}
