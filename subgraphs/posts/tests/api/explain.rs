//! What PostgreSQL does to carry out a statement.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Executor, PgPool, Row};

/// A step of a plan, and what it did when it was carried out.
#[derive(Clone, Debug)]
pub struct Step {
    pub kind: String,
    /// The index it used; empty if none.
    pub index: String,
    /// Rows it gave or left out, in all loops.
    pub rows: u64,
    /// Rows that its inputs gave it.
    pub input: u64,
}

/// A plan that was carried out.
#[derive(Debug)]
pub struct Carried {
    pub steps: Vec<Step>,
    /// Pages of 8 KiB that it read.
    pub pages: u64,
}

impl Carried {
    /// Rows that were read from tables or indexes.
    pub fn rows_read(&self) -> u64 {
        let scans = self.steps.iter().filter(|step| step.is_scan());
        scans.map(|step| step.rows).sum()
    }

    /// The indexes that were used, and "" for a table that was read without one.
    pub fn indexes(&self) -> Vec<&str> {
        let mut indexes: Vec<_> = self
            .steps
            .iter()
            .filter(|step| step.is_scan())
            .map(|step| step.index.as_str())
            .collect();
        indexes.sort_unstable();
        indexes.dedup();
        indexes
    }

    /// The most rows that any step sorted.
    pub fn sorted(&self) -> u64 {
        let sorts = self.steps.iter().filter(|step| step.kind.contains("Sort"));
        sorts.map(|step| step.input).max().unwrap_or(0)
    }
}

impl Step {
    fn is_scan(&self) -> bool {
        matches!(
            self.kind.as_str(),
            "Seq Scan"
                | "Index Scan"
                | "Index Only Scan"
                | "Bitmap Heap Scan"
                | "Bitmap Index Scan"
                | "Tid Scan"
        )
    }
}

/// Carries out a statement of the service with these parameters, on a connection of the service, with the plan that it
/// keeps for it.
pub async fn carry_out(pool: &PgPool, statement: &str, parameters: &str) -> Carried {
    let plan = explain(
        pool,
        statement,
        parameters,
        "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON",
    )
    .await;
    let pages = |name: &str| plan[0]["Plan"][name].as_u64().unwrap();
    let mut steps = Vec::new();
    collect(&plan[0]["Plan"], &mut steps);
    Carried {
        steps,
        pages: pages("Shared Hit Blocks") + pages("Shared Read Blocks"),
    }
}

/// The kinds of the steps that a statement would take, whatever its parameters.
pub async fn steps_of(pool: &PgPool, statement: &str) -> Vec<String> {
    let parameters = (1..10)
        .filter(|n| statement.contains(&format!("${n}")))
        .count();
    let nulls = vec!["NULL"; parameters].join(", ");
    let plan = explain(pool, statement, &nulls, "FORMAT JSON").await;
    let mut steps = Vec::new();
    collect(&plan[0]["Plan"], &mut steps);
    steps.into_iter().map(|step| step.kind).collect()
}

async fn explain(pool: &PgPool, statement: &str, parameters: &str, options: &str) -> Value {
    let mut conn = pool.acquire().await.unwrap();
    conn.execute(AssertSqlSafe(format!("PREPARE asked AS {statement}")))
        .await
        .unwrap();
    let execute = if parameters.is_empty() {
        "EXECUTE asked".to_owned()
    } else {
        format!("EXECUTE asked({parameters})")
    };
    let explain = format!("EXPLAIN ({options}) {execute}");
    let row = conn.fetch_one(AssertSqlSafe(explain)).await.unwrap();
    conn.execute("DEALLOCATE asked").await.unwrap();
    row.get(0)
}

fn collect(node: &Value, steps: &mut Vec<Step>) {
    let number = |node: &Value, name: &str| node[name].as_u64().unwrap_or(0);
    let given = |node: &Value| number(node, "Actual Rows") * number(node, "Actual Loops");
    let left_out =
        number(node, "Rows Removed by Filter") + number(node, "Rows Removed by Index Recheck");
    let inputs = node["Plans"].as_array();
    steps.push(Step {
        kind: node["Node Type"].as_str().unwrap().to_owned(),
        index: node["Index Name"].as_str().unwrap_or_default().to_owned(),
        rows: given(node) + left_out * number(node, "Actual Loops"),
        input: inputs.into_iter().flatten().map(given).sum(),
    });
    for input in inputs.into_iter().flatten() {
        collect(input, steps);
    }
}
