//! How often somebody may guess a password.
//!
//! A counter knows when its last failures were, so that a limit holds for every span of [`WINDOW_SECONDS`] and not for
//! spans that begin when it suits an attacker. What counts is settled after the password was compared: however many guess
//! at once, no more are told whether they guessed right than the limit allows. Accounts that do not exist are counted
//! like those that do.

use common::client_address::ClientAddress;
use sha2::{Digest, Sha256};

use super::{App, AppError, Result};
use crate::db::login_failures::{self, Counter};

/// How long a failure counts.
const WINDOW_SECONDS: i64 = 15 * 60;
/// Failures of one account at one address.
const PAIR: i32 = 10;
/// Failures of one account at all addresses: whoever guesses from many of them. High, because it locks the owner out too.
const ACCOUNT: i32 = 100;
/// Failures of one address at all accounts: whoever tries one password with many of them.
const ADDRESS: i32 = 300;

/// The counters of one attempt.
pub(super) struct Attempt {
    pair: Counter,
    /// All of them, in the order in which they are locked.
    all: Vec<Counter>,
}

impl Attempt {
    /// `account` is what was typed for an address, or names an account in another way.
    pub(super) fn new(account: &str, address: ClientAddress) -> Self {
        let account = account.trim().to_lowercase();
        let address = address.customer().to_string();
        let pair = counter(PAIR, &["pair", &account, &address]);
        let mut all = vec![
            pair.clone(),
            counter(ACCOUNT, &["account", &account]),
            counter(ADDRESS, &["address", &address]),
        ];
        all.sort();
        Self { pair, all }
    }
}

fn counter(limit: i32, what: &[&str]) -> Counter {
    let mut hash = Sha256::new();
    for part in what {
        // With its length, so that no two lists of parts are one text.
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    Counter {
        key: hash.finalize().into(),
        limit,
    }
}

impl App {
    /// Refuses an attempt for which a counter is full.
    pub(super) async fn may_attempt(&self, attempt: &Attempt) -> Result<()> {
        let now = self.clock.now();
        let since = now.plus_seconds(-WINDOW_SECONDS);
        let mut conn = self.pool.acquire().await?;
        match login_failures::full(&mut conn, &attempt.all, since).await? {
            None => Ok(()),
            Some(failed_at) => {
                let until = failed_at.plus_seconds(WINDOW_SECONDS);
                let wait = until.as_seconds() - now.as_seconds();
                Err(AppError::TooManyFailures {
                    seconds: wait.clamp(1, WINDOW_SECONDS),
                })
            }
        }
    }

    /// Counts an attempt that failed; the error is what its maker is told.
    pub(super) async fn failed(&self, attempt: &Attempt) -> AppError {
        match self.count(attempt).await {
            Ok(()) => AppError::WrongCredentials,
            Err(error) => error,
        }
    }

    async fn count(&self, attempt: &Attempt) -> Result<()> {
        let now = self.clock.now();
        let (since, expires_at) = (
            now.plus_seconds(-WINDOW_SECONDS),
            now.plus_seconds(WINDOW_SECONDS),
        );
        let mut tx = self.pool.begin().await?;
        login_failures::lock(&mut tx, &attempt.all, since, expires_at).await?;
        if login_failures::full(&mut tx, &attempt.all, since)
            .await?
            .is_some()
        {
            drop(tx);
            // Others failed while this password was compared.
            return self.may_attempt(attempt).await;
        }
        login_failures::add(&mut tx, &attempt.all, now, expires_at).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Settles an attempt that succeeded: refused like any other if the limit was reached while its password was compared.
    pub(super) async fn succeeded(&self, attempt: &Attempt) -> Result<()> {
        self.may_attempt(attempt).await?;
        let mut conn = self.pool.acquire().await?;
        login_failures::clear(&mut conn, &attempt.pair).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(account: &str, address: &str) -> Vec<[u8; 32]> {
        let attempt = Attempt::new(account, ClientAddress::of(address.parse().unwrap()));
        attempt.all.iter().map(|counter| counter.key).collect()
    }

    #[test]
    fn an_account_is_the_same_however_it_is_typed() {
        assert_eq!(
            keys("ada@example.com", "192.0.2.1"),
            keys(" Ada@Example.COM ", "192.0.2.1")
        );
        assert_eq!(
            keys("ada@example.com", "192.0.2.1"),
            keys("ada@example.com", "::ffff:192.0.2.1")
        );
    }

    #[test]
    fn an_ipv6_customer_is_one_address() {
        assert_eq!(
            keys("a", "2001:db8:1:2::1"),
            keys("a", "2001:db8:1:2:ffff::9")
        );
        assert_ne!(keys("a", "2001:db8:1:2::1"), keys("a", "2001:db8:1:3::1"));
    }

    #[test]
    fn what_is_counted_apart_has_keys_apart() {
        let (one, other) = (keys("a", "192.0.2.1"), keys("b", "192.0.2.1"));
        let shared: Vec<_> = one.iter().filter(|key| other.contains(key)).collect();
        assert_eq!(shared.len(), 1, "the address");
    }
}
