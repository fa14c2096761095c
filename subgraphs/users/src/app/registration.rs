//! Making an account.

use common::postgres::violated_constraint;
use secrecy::{ExposeSecret, SecretString};

use super::{App, AppError, Result, fields::Fields};
use crate::{
    db::{self, users::Claim},
    domain::{DisplayName, Email, MailKind, Password, User, UserId, Username},
};

/// What somebody says to get an account.
#[derive(Debug)]
pub struct Registration {
    pub email: String,
    pub username: String,
    pub password: SecretString,
    pub display_name: Option<String>,
}

impl App {
    /// Makes an account, and with it the mail that verifies its address. Whether the mail can be sent plays no part.
    pub async fn register(&self, input: Registration) -> Result<User> {
        let mut fields = Fields::default();
        let email = fields.take("email", Email::parse(&input.email));
        let username = fields.take("username", Username::parse(&input.username));
        let password = fields.take("password", Password::parse(input.password));
        let name = DisplayName::parse(input.display_name.as_deref().unwrap_or_default());
        let display_name = fields.take("display_name", name);
        let (Some(email), Some(username), Some(password), Some(display_name)) =
            (email, username, password, display_name)
        else {
            return Err(fields.refused());
        };
        let permit = self.passwords.permit().await?;
        // Of many who want one address at once the first has it by now: a hash in vain keeps others waiting.
        let claim = {
            let mut conn = self.pool.acquire().await?;
            db::users::claim(&mut conn, &email, &username).await?
        };
        match claim {
            Claim::EmailTaken => return Err(AppError::EmailTaken),
            Claim::UsernameTaken => return Err(AppError::UsernameTaken),
            Claim::Free => {}
        }
        let hash = permit.hash(password.into_secret()).await?;
        let now = self.clock.now();
        let new = db::users::NewUser {
            id: UserId::from(self.clock.new_id()),
            email: &email,
            username: &username,
            password_hash: hash.expose_secret(),
            display_name: display_name.as_ref().map(DisplayName::as_str),
            created_at: now,
        };
        let mut tx = self.pool.begin().await?;
        let user = db::users::insert(&mut tx, &new).await.map_err(taken)?;
        let mail = self.clock.new_id();
        db::outbox::insert(&mut tx, mail, MailKind::VerifyEmail, user.id, &email, now).await?;
        tx.commit().await?;
        self.mail_is_due.notify_one();
        Ok(user)
    }
}

/// The database decides who was first.
fn taken(error: sqlx::Error) -> AppError {
    match violated_constraint(&error) {
        Some("users_email_key") => AppError::EmailTaken,
        Some("users_username_key") => AppError::UsernameTaken,
        _ => error.into(),
    }
}
