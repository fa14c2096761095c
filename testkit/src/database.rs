use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use migrations::Context;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};

use crate::cluster::{TEMPLATE, apart, cluster, url};

/// Enough for a test with real concurrency; some tests run at once and the server has 200.
const CONNECTIONS: u32 = 16;
const PATIENCE: Duration = Duration::from_secs(30);

/// A database for one test, dropped with this value, whoever is still connected.
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    port: u16,
    admin_url: String,
}

/// A new database with all migrations applied. It takes 30 ms, once the first one of the process is there.
pub async fn database() -> TestDatabase {
    let mut admin = connect_as_admin().await;
    let database = create(&mut admin, TEMPLATE).await;
    // Rights on a database are not copied with it.
    migrations::close_to_strangers(&mut admin, &database.name)
        .await
        .expect("the rights on the test's database");
    database
}

/// A new database with nothing in it; the roles are there.
pub async fn empty_database() -> TestDatabase {
    create(&mut connect_as_admin().await, "template0").await
}

async fn create(admin: &mut PgConnection, template: &str) -> TestDatabase {
    static NUMBER: AtomicU32 = AtomicU32::new(1);
    let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
    // Copying files beats writing every page to the log as long as nothing is synced to a disk.
    let statement = format!("CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy");
    admin
        .execute(AssertSqlSafe(statement))
        .await
        .expect("the test's database");
    let cluster = cluster();
    TestDatabase {
        admin_url: cluster.url(&name),
        port: cluster.port(),
        name,
    }
}

async fn connect_as_admin() -> PgConnection {
    PgConnection::connect(&cluster().url("postgres"))
        .await
        .expect("a connection as superuser")
}

impl TestDatabase {
    pub fn name(&self) -> &str {
        &self.name
    }

    /// URL of the role that the service of this context connects as.
    pub fn url(&self, context: Context) -> String {
        self.url_in(&migrations::service_role(context), &self.name)
    }

    /// URL of role `migrator`.
    pub fn migrator_url(&self) -> String {
        self.url_in("migrator", &self.name)
    }

    /// URL of a superuser.
    pub fn admin_url(&self) -> String {
        self.admin_url.clone()
    }

    /// URL of any of our roles in any database of the cluster.
    pub fn url_in(&self, role: &str, database: &str) -> String {
        url(self.port, role, database)
    }

    /// A pool with the rights of this context's service. It belongs to the runtime of the caller: never share it between
    /// tests.
    pub fn pool(&self, context: Context) -> PgPool {
        pool(&self.url(context))
    }

    /// A pool with all rights, to look behind a service's back.
    pub fn admin_pool(&self) -> PgPool {
        pool(&self.admin_url)
    }
}

fn pool(url: &str) -> PgPool {
    PgPoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(PATIENCE)
        .connect_lazy(url)
        .expect("a URL of ours")
}

impl Drop for TestDatabase {
    /// Best effort: the whole cluster goes with the process, this only keeps memory free until then.
    fn drop(&mut self) {
        let name = &self.name;
        // DROP … FORCE alone waits 100 ms for pools that are still open; 2 ms are enough for their back ends to end.
        let disconnect = format!(
            "SELECT pg_terminate_backend(pid, 2) FROM pg_stat_activity WHERE datname = '{name}'"
        );
        let remove = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
        apart(async {
            if let Ok(mut admin) = PgConnection::connect(&cluster().url("postgres")).await {
                for statement in [disconnect, remove] {
                    admin.execute(AssertSqlSafe(statement)).await.ok();
                }
            }
        });
    }
}
