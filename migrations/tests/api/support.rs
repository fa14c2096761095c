use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

pub async fn connect(url: &str) -> PgConnection {
    PgConnection::connect(url).await.unwrap()
}

/// The first column of every row, as text.
pub async fn texts(connection: &mut PgConnection, sql: &str) -> Vec<String> {
    connection
        .fetch_all(AssertSqlSafe(sql))
        .await
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

pub async fn run(connection: &mut PgConnection, sql: &str) {
    connection
        .execute(AssertSqlSafe(sql))
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
}

/// SQLSTATE of the refusal; `None` when the server did what it was told.
pub async fn refusal(connection: &mut PgConnection, sql: &str) -> Option<String> {
    let error = connection.execute(AssertSqlSafe(sql)).await.err()?;
    let error = error
        .as_database_error()
        .unwrap_or_else(|| panic!("{sql}: {error}"));
    Some(error.code().unwrap().into_owned())
}
