use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use tempfile::TempDir;

/// A folder that the server's account can pass through, also when the tests run as root.
pub fn open_folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o711)).unwrap();
    folder
}

/// Another process that owns a cluster: `embedded-postgres`.
pub struct Owner {
    pub process: Child,
    pub url: String,
}

impl Owner {
    pub fn start(folder: &Path) -> Self {
        Self::of(&[folder])
    }

    pub fn of_an_ephemeral_cluster() -> Self {
        Self::of(&[])
    }

    fn of(arguments: &[&Path]) -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_embedded-postgres"))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut url = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut url)
            .unwrap();
        assert!(url.starts_with("postgres://"), "the owner said {url:?}");
        Self {
            process,
            url: url.trim().to_owned(),
        }
    }

    /// Where its cluster lives.
    pub fn folder(&self) -> PathBuf {
        let data = PathBuf::from(value(&self.url, "SHOW data_directory"));
        data.parent().unwrap().to_owned()
    }

    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Processes of the cluster in `folder`, guards included, by what they were started with or work in.
pub fn processes_of(folder: &Path) -> Vec<u32> {
    let folder = folder.to_str().unwrap();
    let own = std::process::id();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let pid: u32 = path.file_name()?.to_str()?.parse().ok()?;
            let command = fs::read(path.join("cmdline")).unwrap_or_default();
            let works_in = fs::read_link(path.join("cwd")).unwrap_or_default();
            let belongs =
                String::from_utf8_lossy(&command).contains(folder) || works_in.starts_with(folder);
            (belongs && pid != own).then_some(pid)
        })
        .collect()
}

pub fn kill_all(pids: &[u32]) {
    // Some may have ended since they were listed, which is as good.
    Command::new("kill")
        .arg("-9")
        .args(pids.iter().map(u32::to_string))
        .stderr(Stdio::null())
        .status()
        .unwrap();
}

/// The pid that the server recorded for itself.
pub fn postmaster(folder: &Path) -> u32 {
    let file = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap();
    file.lines().next().unwrap().parse().unwrap()
}

/// The end of another's child can only be looked for; the deadline is for a broken build.
pub fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}: not within 30 s");
        std::thread::yield_now();
    }
}

pub fn execute(url: &str, sql: &str) {
    in_runtime(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::Executor::execute(&mut connection, AssertSqlSafe(sql))
            .await
            .unwrap();
        connection.close().await.unwrap();
    });
}

/// The one value of a one-row answer, as text.
pub fn value(url: &str, sql: &str) -> String {
    in_runtime(async {
        let mut connection = PgConnection::connect(url).await.unwrap();
        let row = sqlx::Executor::fetch_one(&mut connection, AssertSqlSafe(sql))
            .await
            .unwrap();
        row.get(0)
    })
}

fn in_runtime<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// A folder that passes for a server's `bin`: its `postgres` only says a version.
pub fn fake_binaries(folder: &Path, answer: &str) -> PathBuf {
    fs::create_dir_all(folder).unwrap();
    for program in ["initdb", "postgres"] {
        let file = folder.join(program);
        fs::write(&file, format!("#!/bin/sh\necho '{answer}'\n")).unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o755)).unwrap();
    }
    folder.to_owned()
}
