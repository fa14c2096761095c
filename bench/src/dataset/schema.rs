//! The indexes that are in the way of a bulk load.

use sqlx::{AssertSqlSafe, Executor, PgConnection, Row};

use crate::failure::{Failure, Result};

pub const TABLES: [&str; 4] = ["users.users", "users.follows", "posts.posts", "posts.likes"];

/// Indexes of the loaded tables, without those of constraints: their names and what makes them.
const SECONDARY: &str = "
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index AS i
    WHERE i.indrelid IN ('users.users'::regclass, 'users.follows'::regclass, 'posts.posts'::regclass, 'posts.likes'::regclass)
      AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
    ORDER BY 1";

/// Everything of the two schemas that a migration makes and a load could change.
const EVERYTHING: &str = "
    SELECT COALESCE(string_agg(line, E'\\n' ORDER BY line), '') FROM (
        SELECT pg_get_indexdef(indexrelid) || ' ' || indisvalid AS line
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relnamespace IN ('users'::regnamespace, 'posts'::regnamespace)
        UNION ALL
        SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || ' ' || convalidated
        FROM pg_constraint WHERE connamespace IN ('users'::regnamespace, 'posts'::regnamespace)
        UNION ALL
        SELECT attrelid::regclass || ' ' || attname || ' ' || attnotnull
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace IN ('users'::regnamespace, 'posts'::regnamespace) AND relkind = 'r' AND attnum > 0
        UNION ALL
        SELECT tgrelid::regclass || ' ' || tgname || ' ' || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
    ) AS lines";

/// The schema as it is, to be compared.
pub async fn description(conn: &mut PgConnection) -> Result<String> {
    Ok(conn.fetch_one(EVERYTHING).await?.try_get(0)?)
}

/// Indexes that were taken away, to be made again.
pub struct Dropped(Vec<String>);

/// Takes the indexes away, within the transaction of the load.
pub async fn drop_indexes(conn: &mut PgConnection) -> Result<Dropped> {
    let mut definitions = Vec::new();
    for row in conn.fetch_all(SECONDARY).await? {
        let (name, definition): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        // Both are PostgreSQL's own words.
        conn.execute(AssertSqlSafe(format!("DROP INDEX {name}")))
            .await?;
        definitions.push(definition);
    }
    Ok(Dropped(definitions))
}

impl Dropped {
    /// Makes them again.
    pub async fn restore(self, conn: &mut PgConnection) -> Result<()> {
        for definition in self.0 {
            conn.execute(AssertSqlSafe(definition)).await?;
        }
        Ok(())
    }
}

/// Statistics, and pages that index-only scans need not look at.
pub async fn vacuum(conn: &mut PgConnection) -> Result<()> {
    for table in TABLES {
        conn.execute(AssertSqlSafe(format!("VACUUM (ANALYZE) {table}")))
            .await?;
    }
    conn.execute("CHECKPOINT").await?;
    Ok(())
}

/// Fails when the schema is not what it was.
pub fn compare(before: &str, after: &str) -> Result<()> {
    if before == after {
        return Ok(());
    }
    let missing: Vec<_> = before
        .lines()
        .filter(|line| !after.lines().any(|other| other == *line))
        .collect();
    Err(Failure::new(format!(
        "the load changed the schema; missing now: {}",
        missing.join("; ")
    )))
}
