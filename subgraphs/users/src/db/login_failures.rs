//! Counters of failed logins. Each has its own limit, which every call passes.

use common::Timestamp;
use sqlx::{PgConnection, Result, query, query_scalar};

/// A key that failed logins are counted for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Counter {
    /// SHA-256 of the counter's name.
    pub key: [u8; 32],
    /// The number of failures that fills it.
    pub limit: i32,
}

fn columns(counters: &[Counter]) -> (Vec<Vec<u8>>, Vec<i32>) {
    let keys = counters.iter().map(|counter| counter.key.to_vec());
    (
        keys.collect(),
        counters.iter().map(|counter| counter.limit).collect(),
    )
}

/// If a counter is full, the failure that has to expire before the fullest counter takes another one: the oldest of its
/// last `limit` failures since `since`.
pub async fn full(
    conn: &mut PgConnection,
    counters: &[Counter],
    since: Timestamp,
) -> Result<Option<Timestamp>> {
    let (keys, limits) = columns(counters);
    query_scalar!(
        r#"
        SELECT max(counted.failed_at[cardinality(counted.failed_at) - counter."limit" + 1]) AS "failed_at: Timestamp"
        FROM unnest($1::bytea[], $2::int[]) AS counter (key, "limit")
        JOIN users.login_failures counted USING (key)
        WHERE counted.failed_at[cardinality(counted.failed_at) - counter."limit" + 1] > $3
        "#,
        &keys,
        &limits,
        since,
    )
    .fetch_one(conn)
    .await
}

/// Locks the counters, always in one order, and removes expired failures from them.
pub async fn lock(
    conn: &mut PgConnection,
    counters: &[Counter],
    since: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    let (keys, _) = columns(counters);
    query!(
        "INSERT INTO users.login_failures (key, failed_at, expires_at)
         SELECT key, '{}', $3 FROM unnest($1::bytea[]) AS counter (key) ORDER BY key
         ON CONFLICT (key) DO UPDATE
         SET failed_at = ARRAY (SELECT t FROM unnest(login_failures.failed_at) AS t WHERE t > $2 ORDER BY t)",
        &keys,
        since,
        expires_at,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Adds a failure to locked counters.
pub async fn add(
    conn: &mut PgConnection,
    counters: &[Counter],
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    let (keys, _) = columns(counters);
    query!(
        "UPDATE users.login_failures SET failed_at = failed_at || $2, expires_at = $3 WHERE key = ANY ($1)",
        &keys,
        now as Timestamp,
        expires_at,
    )
    .execute(conn)
    .await
    .map(drop)
}

/// Resets a counter.
pub async fn clear(conn: &mut PgConnection, counter: &Counter) -> Result<()> {
    query!(
        "DELETE FROM users.login_failures WHERE key = $1",
        counter.key.as_slice(),
    )
    .execute(conn)
    .await
    .map(drop)
}
