//! PostgreSQL on a data folder.

use std::{fs, path::Path};

use contexts::{Context, PerContext};
use embedded_postgres::{Cluster, Search, Storage};
use secrecy::SecretString;
use url::Url;

use crate::failure::{Failure, Result};

const DATABASE: &str = "rookery";
/// A set as small as this is for looking whether everything works.
const SMALL: u64 = 50_000;

/// Memory only, and checkpoints out of the way of measurements. What the planner believes about the machine stays at
/// PostgreSQL's defaults, for us and for whom we are compared with.
const SERVE: [&str; 4] = [
    "shared_buffers=2GB",
    "effective_cache_size=6GB",
    "max_wal_size=8GB",
    "checkpoint_timeout=30min",
];
/// A load is done again when the machine fails meanwhile: what is copied need not be written twice.
const LOAD: [&str; 7] = [
    "shared_buffers=1GB",
    "maintenance_work_mem=1GB",
    "max_wal_size=8GB",
    "checkpoint_timeout=30min",
    "wal_level=minimal",
    "max_wal_senders=0",
    "autovacuum=off",
];

/// What PostgreSQL is started for.
#[derive(Clone, Copy)]
pub enum Purpose {
    Load,
    Serve,
}

/// A running PostgreSQL with migrated schemas. It ends with this value.
pub struct Database {
    cluster: Cluster,
    admin_url: String,
    service_urls: PerContext<SecretString>,
}

impl Database {
    /// Starts the server in the folder, and makes what is missing: cluster, roles, schemas.
    pub async fn open(folder: &Path, purpose: Purpose, posts: u64) -> Result<Self> {
        let folder = std::path::absolute(folder)?;
        embedded_postgres::make_folder(&folder)?;
        let storage = Storage::Durable(folder.join("postgres"));
        let settings: &[&str] = match purpose {
            _ if posts < SMALL => &[],
            Purpose::Load => &LOAD,
            Purpose::Serve => &SERVE,
        };
        let cluster = tokio::task::spawn_blocking(move || {
            Cluster::start_with(&storage, &Search::from_env()?, settings)
        })
        .await??;
        migrations::create_database(&cluster.url("postgres"), DATABASE).await?;
        let admin: Url = cluster.url(DATABASE).parse()?;
        Ok(Self {
            service_urls: migrations::set_up(&admin).await?,
            admin_url: admin.into(),
            cluster,
        })
    }

    /// URL of the superuser.
    pub fn admin_url(&self) -> &str {
        &self.admin_url
    }

    /// URL of a service's role.
    pub fn service_url(&self, context: Context) -> &SecretString {
        self.service_urls.get(context)
    }

    /// The process that all others of PostgreSQL are children of.
    pub fn process_id(&self) -> Result<u32> {
        let file = self.cluster.folder().join("data/postmaster.pid");
        let text = fs::read_to_string(&file)?;
        text.lines()
            .next()
            .and_then(|line| line.trim().parse().ok())
            .ok_or_else(|| Failure::new(format!("{} names no process", file.display())))
    }

    /// Stops the server and waits for its end.
    pub async fn stop(self) -> Result<()> {
        let cluster = self.cluster;
        Ok(tokio::task::spawn_blocking(move || cluster.stop()).await??)
    }
}
