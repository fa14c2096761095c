//! Signing in.

use common::origin::Origin;
use secrecy::{ExposeSecret, SecretString};

use super::{App, AppError, Result, Session, passwords::Verdict, throttle::Attempt};
use crate::{
    db,
    domain::{Account, Email},
};

impl App {
    /// An unknown address, a wrong password and text that is no address at all are one answer, after the same work.
    pub async fn log_in(
        &self,
        email: &str,
        password: SecretString,
        origin: &Origin,
    ) -> Result<Session> {
        let attempt = Attempt::new(email, origin.address);
        self.may_attempt(&attempt).await?;
        let account = match Email::parse(email) {
            Ok(email) => {
                db::users::account_by_email(&mut *self.pool.acquire().await?, &email).await?
            }
            Err(_) => None,
        };
        let account = self.check(account, password, &attempt).await?;
        // Only who knows the password learns this.
        if self.require_verified_email && account.email_verified_at.is_none() {
            return Err(AppError::EmailNotVerified);
        }
        let tx = self.pool.begin().await?;
        self.open_session(tx, &account, origin).await
    }

    /// The account, if this is its password; a hash that is not of today's kind is replaced. Where there is no account
    /// the same is done in vain.
    pub(super) async fn check(
        &self,
        account: Option<Account>,
        password: SecretString,
        attempt: &Attempt,
    ) -> Result<Account> {
        let hash = account
            .as_ref()
            .map(|account| account.password_hash.clone());
        let verdict = self.passwords.verify(password.clone(), hash).await?;
        let (Some(account), Verdict::Right | Verdict::RightButOutdated) = (account, verdict) else {
            return Err(self.failed(attempt).await);
        };
        self.succeeded(attempt).await?;
        if verdict == Verdict::RightButOutdated {
            let hash = self.passwords.hash(password).await?;
            let mut conn = self.pool.acquire().await?;
            db::users::replace_password_hash(&mut conn, &account, hash.expose_secret()).await?;
        }
        Ok(account)
    }
}

#[cfg(test)]
mod tests {
    use common::{
        auth::{Issuer, KeyPair, Signer},
        client_address::ClientAddress,
        clock::SystemClock,
        config::Env,
        error::Fault,
    };
    use sqlx::postgres::PgPoolOptions;

    use super::*;
    use crate::app::{Avatars, HashingCost, Passwords};

    #[tokio::test]
    async fn where_there_is_no_account_a_hash_is_computed_all_the_same() {
        let passwords = Passwords::new(HashingCost::cheapest(), 1).unwrap();
        let issuer = Issuer::from_env(&Env::default());
        let signer = Signer::new(&KeyPair::generate().unwrap().private_pem, issuer).unwrap();
        // Nobody listens there: what is asked of it after the hash fails.
        let pool = PgPoolOptions::new()
            .acquire_timeout(std::time::Duration::from_millis(1))
            .connect_lazy("postgres://127.0.0.1:1/none")
            .unwrap();
        let clock = SystemClock::shared();
        let app = App::new(pool, clock, passwords.clone(), Avatars::nowhere(), signer);
        let attempt = Attempt::new(
            "nobody@example.com",
            ClientAddress::of([192, 0, 2, 1].into()),
        );
        let check = || app.check(None, "correct horse".into(), &attempt);
        assert!(
            matches!(check().await, Err(AppError::Fault(Fault::Unavailable(_)))),
            "hashed, to be counted"
        );
        let _full = passwords.fill();
        assert!(
            matches!(check().await, Err(AppError::TooManyPasswords)),
            "it needs a place like any other"
        );
    }
}
