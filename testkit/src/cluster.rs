use std::sync::OnceLock;
use std::thread;

use embedded_postgres::{Cluster, Search, Storage};
use migrations::{PasswordVerifier, Passwords};
use sqlx::{Connection, Executor, PgConnection};

/// Password of `migrator` and of the services' roles.
pub const PASSWORD: &str = "only-for-tests";

/// The database that every test's own is copied from.
pub(crate) const TEMPLATE: &str = "rookery_template";

/// The cluster of this process: started by the first test that asks, gone with the process.
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

/// The same for all tests of a process: roles belong to the cluster, not to a database.
pub fn passwords() -> Passwords {
    let verifier = PasswordVerifier::of(&PASSWORD.into()).expect("a usable password");
    Passwords {
        migrator: verifier.clone(),
        users: verifier.clone(),
        posts: verifier.clone(),
        messaging: verifier,
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
    // A session in the template would keep it from being copied.
    admin
        .execute("ALTER DATABASE rookery_template ALLOW_CONNECTIONS false")
        .await
        .expect("the template is closed");
    admin.close().await.expect("the end of the connection");
}

pub(crate) fn url(port: u16, role: &str, database: &str) -> String {
    format!("postgres://{role}:{PASSWORD}@127.0.0.1:{port}/{database}")
}

/// Runs on a thread and a runtime of its own, wherever the caller is: in a runtime, or in a `Drop`.
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
