//! Signing in and out. A session is a login and the family of refresh tokens that came from it.

use common::auth::Claims;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{App, Error, Result, passwords::Verdict};
use crate::{
    db,
    domain::{Account, Email, Token, TokenHash, User},
};

/// How long an access token is good.
pub const ACCESS_TOKEN_SECONDS: i64 = 15 * 60;
/// How long a refresh token is good.
pub const REFRESH_TOKEN_SECONDS: i64 = 30 * 24 * 60 * 60;

/// What a client gets to act as somebody.
#[derive(Debug)]
pub struct Session {
    /// A JWT, good for [`ACCESS_TOKEN_SECONDS`].
    pub access_token: SecretString,
    /// Good once, for 30 days.
    pub refresh_token: SecretString,
    pub user: User,
}

impl App {
    /// An unknown address, a wrong password and text that is no address at all are one answer, after the same work.
    pub async fn log_in(&self, email: &str, password: SecretString) -> Result<Session> {
        let account = match Email::parse(email) {
            Ok(email) => {
                db::users::account_by_email(&mut *self.pool.acquire().await?, &email).await?
            }
            Err(_) => None,
        };
        let hash = account
            .as_ref()
            .map(|account| account.password_hash.clone());
        let verdict = self.passwords.verify(password.clone(), hash).await?;
        let (Some(account), Verdict::Right | Verdict::RightButOutdated) = (account, verdict) else {
            return Err(Error::WrongCredentials);
        };
        // Only who knows the password learns this.
        if self.require_verified_email && account.email_verified_at.is_none() {
            return Err(Error::EmailNotVerified);
        }
        if verdict == Verdict::RightButOutdated {
            let hash = self.passwords.hash(password).await?;
            let mut conn = self.pool.acquire().await?;
            db::users::replace_password_hash(&mut conn, &account, hash.expose_secret()).await?;
        }
        self.open_session(&account).await
    }

    async fn open_session(&self, account: &Account) -> Result<Session> {
        let (now, token) = (self.clock.now(), Token::generate());
        let expires_at = now.plus_seconds(REFRESH_TOKEN_SECONDS);
        let session = self.clock.new_id();
        let mut tx = self.pool.begin().await?;
        if !db::sessions::insert(&mut tx, session, account, now, expires_at).await? {
            return Err(Error::WrongCredentials);
        }
        db::sessions::insert_token(&mut tx, session, &token.hash(), now, expires_at).await?;
        let user = db::users::by_id(&mut tx, account.id).await?;
        tx.commit().await?;
        self.session(session, user.ok_or(Error::WrongCredentials)?, token)
    }

    /// Exchanges a refresh token for the next one. A token that was exchanged before and comes back has been stolen, or
    /// its thief's has: the whole session ends, because nobody can tell who is who (RFC 9700, 4.14.2).
    pub async fn refresh(&self, presented: &SecretString) -> Result<Session> {
        let hash = TokenHash::of(presented);
        let (now, token) = (self.clock.now(), Token::generate());
        let expires_at = now.plus_seconds(REFRESH_TOKEN_SECONDS);
        let mut tx = self.pool.begin().await?;
        let Some(session) = db::sessions::rotate_token(&mut tx, &hash, now).await? else {
            if let Some(user) = db::sessions::revoke_by_token(&mut tx, &hash, now).await? {
                tracing::warn!(%user, "a refresh token came back: its session is revoked");
            }
            tx.commit().await?;
            return Err(Error::BadRefreshToken);
        };
        let Some(owner) = db::sessions::extend(&mut tx, session, expires_at).await? else {
            return Err(Error::BadRefreshToken);
        };
        db::sessions::insert_token(&mut tx, session, &token.hash(), now, expires_at).await?;
        let user = db::users::by_id(&mut tx, owner).await?;
        tx.commit().await?;
        self.session(session, user.ok_or(Error::BadRefreshToken)?, token)
    }

    /// Ends the session that a refresh token belongs to. Doing so again, or with no token of ours, changes nothing.
    pub async fn log_out(&self, presented: &SecretString) -> Result<()> {
        let hash = TokenHash::of(presented);
        let mut conn = self.pool.acquire().await?;
        db::sessions::revoke_by_token(&mut conn, &hash, self.clock.now()).await?;
        Ok(())
    }

    fn session(&self, id: Uuid, user: User, refresh_token: Token) -> Result<Session> {
        Ok(Session {
            access_token: self.access_token(id, &user)?,
            refresh_token: refresh_token.into_secret(),
            user,
        })
    }

    fn access_token(&self, session: Uuid, user: &User) -> Result<SecretString> {
        let issued_at = self.clock.now().as_seconds();
        let claims = Claims {
            iss: self.signer.issuer.issuer.clone(),
            aud: self.signer.issuer.audience.clone(),
            sub: user.id.as_uuid(),
            iat: issued_at,
            exp: issued_at + ACCESS_TOKEN_SECONDS,
            nbf: None,
            jti: self.clock.new_id(),
            user_id: user.id.as_uuid(),
            sid: Some(session),
            email: user.email.clone(),
            roles: user.roles.clone(),
            scope: user.roles.join(" "),
        };
        let token = self.signer.sign(&claims).map_err(Error::internal)?;
        Ok(token.into())
    }
}

#[cfg(test)]
mod tests {
    use common::{
        auth::{Issuer, KeyPair, Signer},
        clock::SystemClock,
    };
    use sqlx::postgres::PgPoolOptions;

    use super::*;
    use crate::app::{Avatars, HashingCost, Passwords};

    #[tokio::test]
    async fn where_there_is_no_account_a_hash_is_computed_all_the_same() {
        let passwords = Passwords::new(HashingCost::cheapest(), 1).unwrap();
        let issuer = Issuer {
            issuer: "test".to_owned(),
            audience: "test".to_owned(),
        };
        let signer = Signer::new(&KeyPair::generate().unwrap().private_pem, issuer).unwrap();
        // Nobody listens there; what is no address is looked up nowhere.
        let pool = PgPoolOptions::new()
            .connect_lazy("postgres://127.0.0.1:1/none")
            .unwrap();
        let app = App::new(
            pool,
            SystemClock::shared(),
            passwords.clone(),
            Avatars::nowhere(),
            signer,
        );
        let log_in = || app.log_in("no address", "correct horse".into());
        assert!(matches!(log_in().await, Err(Error::WrongCredentials)));
        let _full = passwords.fill();
        assert!(
            matches!(log_in().await, Err(Error::TooManyPasswords)),
            "it needs a place like any other"
        );
    }
}
