use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::Error;

/// `duplicate_database`
const EXISTS: &str = "42P04";

/// Creates the database `name` unless it exists, through an administrator's connection to another database.
pub async fn create_database(admin_url: &str, name: &str) -> Result<(), Error> {
    let mut connection = PgConnection::connect(admin_url)
        .await
        .map_err(Error::Connect)?;
    let statement = format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\""));
    let made = connection.execute(AssertSqlSafe(statement)).await;
    connection.close().await.ok();
    match made {
        Err(error)
            if error
                .as_database_error()
                .and_then(sqlx::error::DatabaseError::code)
                .is_some_and(|code| code == EXISTS) =>
        {
            Ok(())
        }
        made => made.map(|_| ()).map_err(Error::Bootstrap),
    }
}
