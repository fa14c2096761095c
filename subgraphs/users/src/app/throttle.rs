//! Limits on failed logins.
//!
//! A counter keeps the times of its last failures, so that a limit holds for every span of [`WINDOW_SECONDS`] and not only
//! for spans with a fixed start. The limit is checked again after the password comparison: concurrent guesses get no more
//! verdicts than the limit allows. Accounts that do not exist are counted like accounts that do.

use common::client_address::ClientAddress;
use sha2::{Digest, Sha256};

use super::{App, AppError, Result};
use crate::db::login_failures::{self, Counter};

/// How long a failure counts.
const WINDOW_SECONDS: i64 = 15 * 60;
/// Failures of one account at one address.
const MAX_FAILURES_PER_PAIR: i32 = 10;
/// Failures of one account at all addresses: guesses from many addresses. High, because it locks the owner out too.
const MAX_FAILURES_PER_ACCOUNT: i32 = 100;
/// Failures of one address at all accounts: one password tried with many accounts.
const MAX_FAILURES_PER_ADDRESS: i32 = 300;

/// The counters of one attempt.
pub(super) struct Attempt {
    pair: Counter,
    /// All of them, in the order in which they are locked.
    all: Vec<Counter>,
}

impl Attempt {
    /// `account` is the e-mail address as typed, or another name of the account.
    pub(super) fn new(account: &str, address: ClientAddress) -> Self {
        let account = account.trim().to_lowercase();
        let address = address.customer().to_string();
        let pair = counter(MAX_FAILURES_PER_PAIR, &["pair", &account, &address]);
        let mut all = vec![
            pair.clone(),
            counter(MAX_FAILURES_PER_ACCOUNT, &["account", &account]),
            counter(MAX_FAILURES_PER_ADDRESS, &["address", &address]),
        ];
        all.sort();
        Self { pair, all }
    }
}

fn counter(limit: i32, what: &[&str]) -> Counter {
    let mut hash = Sha256::new();
    for part in what {
        // The length prefix keeps different lists of parts from hashing the same bytes.
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

    /// Counts a failed attempt; returns the error for the client.
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
            // Other attempts failed while this password was compared.
            return self.may_attempt(attempt).await;
        }
        login_failures::add(&mut tx, &attempt.all, now, expires_at).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Completes a successful attempt: it is refused if the limit was reached while its password was compared.
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
    fn account_key_ignores_case_and_white_space() {
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
    fn ipv6_prefix_of_a_customer_is_one_address() {
        assert_eq!(
            keys("a", "2001:db8:1:2::1"),
            keys("a", "2001:db8:1:2:ffff::9")
        );
        assert_ne!(keys("a", "2001:db8:1:2::1"), keys("a", "2001:db8:1:3::1"));
    }

    #[test]
    fn separate_counters_have_separate_keys() {
        let (one, other) = (keys("a", "192.0.2.1"), keys("b", "192.0.2.1"));
        let shared: Vec<_> = one.iter().filter(|key| other.contains(key)).collect();
        assert_eq!(shared.len(), 1, "the address");
    }
}
