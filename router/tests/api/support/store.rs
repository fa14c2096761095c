//! A Redis server as a child process, with nothing on disk.

use std::{
    net::TcpListener,
    process::Stdio,
    sync::atomic::{AtomicU16, Ordering},
};

use redis::{Commands, Connection};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

pub struct Store {
    port: u16,
    child: Child,
    /// Kept, as the server would miss it.
    _stdout: Lines<BufReader<ChildStdout>>,
}

impl Store {
    pub const PASSWORD: &str = "hunter2";

    pub async fn start() -> Self {
        Self::start_at(free_port()).await
    }

    async fn start_at(port: u16) -> Self {
        let mut child = Command::new("redis-server")
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no"])
            .args(["--requirepass", Self::PASSWORD])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("redis-server: {error}; apt-get install redis-server"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        loop {
            let line = lines.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("redis-server ended"));
            if line.contains("Ready to accept connections") {
                break;
            }
        }
        Self {
            port,
            child,
            _stdout: lines,
        }
    }

    /// Ends it, with all that it knows.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again at the same address, with nothing in it.
    pub async fn restart(&mut self) {
        *self = Self::start_at(self.port).await;
    }

    /// Stops it where it is, so that it is there and does not answer.
    pub fn freeze(&self) {
        let pid = self.child.id().unwrap().to_string();
        let status = std::process::Command::new("kill")
            .args(["-s", "STOP", &pid])
            .status();
        assert!(status.unwrap().success());
    }

    pub fn url(&self) -> String {
        self.url_with(Self::PASSWORD)
    }

    pub fn url_with(&self, password: &str) -> String {
        format!("redis://:{password}@127.0.0.1:{}/0", self.port)
    }

    /// What is in it: each key, and in how many milliseconds it ends.
    pub fn keys(&self) -> Vec<(String, i64)> {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection: Connection = client.get_connection().unwrap();
        let mut keys: Vec<String> = connection.keys("*").unwrap();
        keys.sort();
        let mut ends_in = |key: String| {
            let time = connection.pttl(&key).unwrap();
            (key, time)
        };
        keys.into_iter().map(&mut ends_in).collect()
    }
}

/// Below the range that the kernel takes ports of outgoing connections from, which would be taken while it is restarted.
fn free_port() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Test processes that run at the same time begin at different places.
    let begin = 30_000 + u16::try_from(std::process::id() % 125).unwrap() * 20;
    loop {
        let port = begin + TAKEN.fetch_add(1, Ordering::Relaxed);
        assert!(port < 32_700, "no free port");
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
