use std::sync::OnceLock;
use std::thread;

use embedded_postgres::{Cluster, Search, Storage};
use migrations::{PasswordVerifier, Passwords, PerContext};
use sqlx::{Connection, Executor, PgConnection};

/// Password of `migrator` and of the services' roles.
pub const PASSWORD: &str = "only-for-tests";

/// The database that each test's database is a copy of.
pub(crate) const TEMPLATE: &str = "rookery_template";

/// The cluster of this process. The first test that needs it starts it; it ends with the process.
pub(crate) fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| {
        apart(async {
            let search = Search::from_env().expect("where to look for PostgreSQL");
            let cluster = Cluster::start(&Storage::Ephemeral, &search).expect("a PostgreSQL");
            prepare(&cluster).await;
            cluster
        })
    })
}

/// The same passwords for all tests of a process, because roles belong to the cluster and not to a database.
pub fn passwords() -> Passwords {
    let verifier = PasswordVerifier::of(&PASSWORD.into()).expect("a usable password");
    Passwords {
        services: PerContext::new(|_| verifier.clone()),
        migrator: verifier,
    }
}

async fn prepare(cluster: &Cluster) {
    let mut admin = PgConnection::connect(&cluster.url("postgres"))
        .await
        .expect("a connection as superuser");
    admin
        .execute("CREATE DATABASE rookery_template")
        .await
        .expect("the template database");
    migrations::bootstrap(&cluster.url(TEMPLATE), &passwords())
        .await
        .expect("roles, schemas and grants");
    migrations::migrate(&url(cluster.port(), "migrator", TEMPLATE))
        .await
        .expect("the migrations");
    // PostgreSQL cannot copy a template that has sessions.
    admin
        .execute("ALTER DATABASE rookery_template ALLOW_CONNECTIONS false")
        .await
        .expect("the template is closed");
    admin.close().await.expect("the end of the connection");
}

pub(crate) fn url(port: u16, role: &str, database: &str) -> String {
    format!("postgres://{role}:{PASSWORD}@127.0.0.1:{port}/{database}")
}

/// Runs `work` on a thread and a runtime of its own, so that callers inside a runtime or a `Drop` can block on it.
pub(crate) fn apart<T: Send>(work: impl Future<Output = T> + Send) -> T {
    thread::scope(|scope| {
        scope
            .spawn(|| {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .expect("a runtime")
                    .block_on(work)
            })
            .join()
            .expect("the work did not panic")
    })
}
