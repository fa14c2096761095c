use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor, PgPool, Row};

/// All rows of the tables, for comparing two databases: by table, in an order that depends on the rows alone, without the
/// columns that are random.
pub async fn dump(admin: &PgPool, tables: &[&str], random: &[&str]) -> Vec<(String, Vec<Value>)> {
    let mut dumped = Vec::new();
    for table in tables {
        let random: Vec<_> = random.iter().map(|column| format!("'{column}'")).collect();
        let sql = format!(
            "SELECT to_jsonb(t) - ARRAY[{}]::text[] AS line FROM {table} t ORDER BY line",
            random.join(", ")
        );
        let rows = admin.fetch_all(AssertSqlSafe(sql)).await.unwrap();
        let rows = rows.iter().map(|row| row.get("line")).collect();
        dumped.push(((*table).to_owned(), rows));
    }
    dumped
}
