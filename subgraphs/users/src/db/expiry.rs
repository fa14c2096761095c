//! Deletes expired rows in batches, so that no statement holds locks for long. Replicas can run this at once: each skips
//! the rows that another has locked.

use common::Timestamp;
use sqlx::{PgConnection, Result, query};

/// Defines a function that deletes up to `limit` rows of `$table` that meet `$condition` on `$1`, oldest `$time` first,
/// and returns how many it deleted.
macro_rules! delete_expired {
    ($(#[$doc:meta])* $name:ident, $table:literal, $key:literal, $time:literal, $condition:literal) => {
        $(#[$doc])*
        pub async fn $name(conn: &mut PgConnection, before: Timestamp, limit: i64) -> Result<u64> {
            query!(
                "DELETE FROM " + $table + " WHERE " + $key + " IN (
                     SELECT " + $key + " FROM " + $table + "
                     WHERE " + $condition + "
                     ORDER BY " + $time + " LIMIT $2 FOR UPDATE SKIP LOCKED)",
                before,
                limit,
            )
            .execute(conn)
            .await
            .map(|done| done.rows_affected())
        }
    };
}

delete_expired!(
    /// Deletes expired sessions; their tokens go with them.
    sessions, "users.sessions", "id", "expires_at", "expires_at < $1"
);
delete_expired!(
    /// Deletes expired refresh tokens, of sessions that continue too.
    refresh_tokens, "users.refresh_tokens", "token_hash", "expires_at", "expires_at < $1"
);
delete_expired!(
    /// Deletes counters of failed logins in which no failure counts any more.
    login_failures, "users.login_failures", "key", "expires_at", "expires_at < $1"
);
delete_expired!(
    /// Deletes mailed tokens that expired before a time.
    one_time_tokens, "users.one_time_tokens", "token_hash", "expires_at", "expires_at < $1"
);
delete_expired!(
    /// Deletes mails that were created before a time and have been sent or given up.
    outbox, "users.outbox", "id", "created_at",
    "created_at < $1 AND (sent_at IS NOT NULL OR given_up_at IS NOT NULL)"
);
