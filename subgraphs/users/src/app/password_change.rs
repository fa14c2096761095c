//! A new password for somebody who knows the old one.

use common::origin::Origin;
use secrecy::{ExposeSecret, SecretString};

use super::{App, AppError, Result, Session, fields::Fields, sessions, throttle::Attempt};
use crate::{
    db,
    domain::{Account, Password, UserId},
};

impl App {
    /// Sets a new password and ends all sessions of the viewer, the present one included: whoever has one of their
    /// tokens may be why the password is changed. The answer is a new session. Guessing the old password is limited as it
    /// is in logging in.
    pub async fn change_password(
        &self,
        viewer: UserId,
        current: SecretString,
        new: SecretString,
        origin: &Origin,
    ) -> Result<Session> {
        let mut fields = Fields::default();
        let Some(new) = fields.take("new_password", Password::parse(new)) else {
            return Err(fields.refused());
        };
        let account = {
            let mut conn = self.pool.acquire().await?;
            db::users::account_by_id(&mut conn, viewer).await?
        };
        let account = account.ok_or(AppError::ViewerGone)?;
        let attempt = Attempt::new(&account.email, origin.address);
        self.may_attempt(&attempt).await?;
        let account = self.check(Some(account), current, &attempt).await;
        let account = account.map_err(|error| match error {
            AppError::WrongCredentials => AppError::WrongPassword,
            other => other,
        })?;
        let hash = self.passwords.hash(new.into_secret()).await?;
        let now = self.clock.now();
        let mut tx = self.pool.begin().await?;
        let version = account.password_version;
        if !db::users::change_password(&mut tx, viewer, version, hash.expose_secret()).await? {
            // Changed or reset meanwhile: what was compared is the password no more.
            return Err(AppError::WrongPassword);
        }
        let ended = db::sessions::revoke_all(&mut tx, viewer, None, now).await?;
        let changed = Account {
            password_version: version + 1,
            ..account
        };
        // With the change or not at all: nobody is told that it failed when it did not.
        let session = self.open_session(tx, &changed, origin).await?;
        sessions::all_ended("change_password", viewer, ended);
        Ok(session)
    }
}
