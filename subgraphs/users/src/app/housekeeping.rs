//! Deletes what has no use any more: expired sessions and tokens, failed logins, mails long sent.

use std::time::Duration;

use common::{Timestamp, shutdown::Shutdown};

use super::{App, Result};
use crate::db::expiry;

const CLEANUP_INTERVAL: Duration = Duration::from_mins(15);
/// Rows a statement.
const BATCH_SIZE: i64 = 1_000;
/// For a while an expired token is still told apart from one that never was.
const KEEP_TOKENS_SECONDS: i64 = 7 * 24 * 60 * 60;
/// Long enough to answer "I never got the mail".
const KEEP_MAILS_SECONDS: i64 = 7 * 24 * 60 * 60;

/// Cleans up until told to stop.
pub struct Housekeeping(App);

impl Housekeeping {
    pub fn new(app: App) -> Self {
        Self(app)
    }

    pub async fn run(self, shutdown: Shutdown) {
        while !shutdown.is_cancelled() {
            match self.clean(&shutdown).await {
                Ok(0) => {}
                Ok(deleted) => tracing::info!(deleted, "expired rows deleted"),
                Err(error) => tracing::error!(%error, "expired rows could not be deleted"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(CLEANUP_INTERVAL) => {}
            }
        }
    }

    /// Deletes all that is expired now, or until told to stop. Returns how many rows.
    pub async fn clean(&self, shutdown: &Shutdown) -> Result<u64> {
        let now = self.0.clock.now();
        let (tokens_before, mails_before) = (
            now.plus_seconds(-KEEP_TOKENS_SECONDS),
            now.plus_seconds(-KEEP_MAILS_SECONDS),
        );
        let mut deleted = 0;
        while !shutdown.is_cancelled() {
            let some = self.batch(now, tokens_before, mails_before).await?;
            if some == 0 {
                break;
            }
            deleted += some;
        }
        Ok(deleted)
    }

    async fn batch(
        &self,
        now: Timestamp,
        tokens_before: Timestamp,
        mails_before: Timestamp,
    ) -> Result<u64> {
        let mut conn = self.0.pool.acquire().await?;
        Ok(expiry::refresh_tokens(&mut conn, now, BATCH_SIZE).await?
            + expiry::sessions(&mut conn, now, BATCH_SIZE).await?
            + expiry::login_failures(&mut conn, now, BATCH_SIZE).await?
            + expiry::one_time_tokens(&mut conn, tokens_before, BATCH_SIZE).await?
            + expiry::outbox(&mut conn, mails_before, BATCH_SIZE).await?)
    }
}
