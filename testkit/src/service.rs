use std::{sync::Arc, time::Duration};

use axum::Router;
use common::clock::Clock;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Decode, Executor, PgPool, Postgres, Row, Type};
use uuid::Uuid;

use crate::{Answer, Context, Graph, ManualClock, Rest, TestDatabase, tokens};

const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// A service under test: its routes called in process, on a database and a clock of its own.
pub struct TestService {
    pub graph: Graph,
    pub rest: Rest,
    pub clock: Arc<ManualClock>,
    /// A superuser's view, to look behind the service's back.
    pub admin: PgPool,
    /// The service's own view.
    pub pool: PgPool,
    // Last: it is dropped after the connections to it.
    pub database: TestDatabase,
}

impl TestService {
    /// A service on a new database. `start` makes its routes from the pool and the clock.
    pub async fn new(
        context: Context,
        document: &impl Serialize,
        start: impl FnOnce(PgPool, Arc<ManualClock>) -> Router,
    ) -> Self {
        let database = crate::database().await;
        let (pool, clock) = (database.pool(context), ManualClock::shared());
        let routes = start(pool.clone(), clock.clone());
        Self {
            rest: Rest::new(routes.clone(), document),
            graph: Graph::new(routes),
            clock,
            admin: database.admin_pool(),
            pool,
            database,
        }
    }

    /// A new user with a token that is valid now.
    pub fn new_person(&self) -> Person {
        Person::new(self.clock.new_id(), &*self.clock)
    }

    pub async fn ask(&self, person: &Person, query: &str, variables: Value) -> Answer {
        self.graph.ask(Some(&person.token), query, variables).await
    }

    /// The data of an operation that succeeds.
    pub async fn get(&self, person: &Person, query: &str, variables: Value) -> Value {
        self.ask(person, query, variables).await.data()
    }

    /// Runs a mutation that takes an input and returns a payload with `userErrors`.
    pub async fn mutate(
        &self,
        person: &Person,
        mutation: &str,
        input: Value,
        selection: &str,
    ) -> Answer {
        let mut type_name = mutation.to_owned();
        type_name[..1].make_ascii_uppercase();
        let query = format!(
            "mutation($input: {type_name}Input!) {{ {mutation}(input: $input) {{
                {selection} userErrors {{ code field message }}
            }} }}"
        );
        self.ask(person, &query, json!({ "input": input })).await
    }

    /// Runs SQL as superuser.
    pub async fn execute(&self, sql: &str) {
        let done = self.admin.execute(AssertSqlSafe(sql.to_owned())).await;
        done.unwrap();
    }

    /// The one value that a query returns to the superuser.
    pub async fn value<T>(&self, sql: &str) -> T
    where
        T: for<'r> Decode<'r, Postgres> + Type<Postgres>,
    {
        let row = self.admin.fetch_one(AssertSqlSafe(sql.to_owned())).await;
        row.unwrap().get(0)
    }

    /// The one number that a query returns to the superuser.
    pub async fn count(&self, sql: &str) -> i64 {
        self.value(sql).await
    }

    /// Returns once so many statements of this database wait for a lock.
    pub async fn lock_is_awaited_by(&self, statements: i64) {
        let waiting = "SELECT count(*) FROM pg_stat_activity
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let seen = async { while self.count(waiting).await < statements {} };
        tokio::time::timeout(LOCK_TIMEOUT, seen)
            .await
            .expect("statements that wait for a lock");
    }
}

/// A user with an access token.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: Uuid,
    pub token: String,
}

impl Person {
    /// A user whose token is valid by the given clock.
    pub fn new(id: Uuid, clock: &dyn Clock) -> Self {
        let token = tokens().token_at(id, clock);
        Self { id, token }
    }

    pub fn token(&self) -> &str {
        &self.token
    }

    /// Replaces the token by a new one.
    pub fn renew(&mut self, clock: &dyn Clock) {
        *self = Self::new(self.id, clock);
    }

    /// Invalidates the signature of the token.
    pub fn forge(&mut self) {
        self.token.push('x');
    }
}

/// The text at a JSON pointer.
pub fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no text at {pointer} of {value}"))
        .to_owned()
}

/// Code and field of each of a payload's user errors.
pub fn user_errors(answer: Answer, mutation: &str) -> Vec<(String, Option<String>)> {
    let data = answer.data();
    let errors = data[mutation]["userErrors"].as_array().unwrap();
    errors
        .iter()
        .map(|error| {
            assert!(!text(error, "/message").is_empty());
            let field = error["field"].as_str().map(str::to_owned);
            (text(error, "/code"), field)
        })
        .collect()
}

/// What [`user_errors`] returns for one error.
pub fn refused(code: &str, field: &str) -> Vec<(String, Option<String>)> {
    vec![(code.to_owned(), Some(field.to_owned()))]
}
