//! A system started for tests, by the binary that `cargo run` runs.

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, Stdio},
    sync::{
        Arc, Condvar, Mutex, OnceLock,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use contexts::{Context, LAST_PORT, ROUTER_PORT};
use tempfile::TempDir;

use crate::secrets;

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Ports of a system: the router's and those of the services.
const PORTS: u16 = LAST_PORT - ROUTER_PORT + 1;

pub struct Running {
    pub port: u16,
    pub child: Child,
    /// While it is open, the system runs: it ends with the test process.
    stdin: Option<ChildStdin>,
    log: Log,
    /// Removed with it.
    folder: Option<TempDir>,
}

/// The system that all tests share which do not break it.
pub fn shared() -> &'static Running {
    static SHARED: OnceLock<Running> = OnceLock::new();
    SHARED.get_or_init(|| Running::start(&[]))
}

/// A folder for data that also lets the account through that PostgreSQL runs as.
pub fn data_folder() -> TempDir {
    tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o755))
        .tempdir()
        .unwrap()
}

/// The first of as many free ports in a row as the system has processes. Below the range that the kernel takes ports of outgoing connections from, which would be
/// taken again before a service listens.
pub fn free_ports() -> u16 {
    static TAKEN: AtomicU16 = AtomicU16::new(0);
    // Test processes that run at the same time begin at different places.
    let begin = 10_000 + u16::try_from(std::process::id() % 2_500).unwrap() * 2 * PORTS;
    let free = |port| TcpListener::bind(("127.0.0.1", port)).is_ok();
    loop {
        let first = begin + TAKEN.fetch_add(PORTS, Ordering::Relaxed);
        assert!(first < 32_000, "no free ports");
        if (first..first + PORTS).all(free) {
            return first;
        }
    }
}

impl Running {
    /// A system of its own, with data of its own.
    pub fn start(arguments: &[&str]) -> Self {
        let folder = data_folder();
        let mut running = Self::start_in(folder.path(), arguments);
        running.folder = Some(folder);
        running
    }

    pub fn start_in(folder: &Path, arguments: &[&str]) -> Self {
        Self::start_at(free_ports(), folder, arguments, &[])
    }

    /// With these variables besides.
    pub fn start_at(port: u16, folder: &Path, arguments: &[&str], more: &[(&str, &str)]) -> Self {
        let mut child = command(port, folder)
            .args(arguments)
            .envs(more.iter().copied())
            .arg("--with-parent")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::default();
        log.follow(child.stdout.take().unwrap());
        log.follow(child.stderr.take().unwrap());
        let stdin = child.stdin.take();
        log.wait_for(&["Ready after"], 1);
        Self {
            port,
            child,
            stdin,
            log,
            folder: None,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// GraphQL endpoint of a service at its own port.
    pub fn service_url(&self, context: Context) -> String {
        let port = self.port + (context.port() - ROUTER_PORT);
        format!("http://127.0.0.1:{port}/graphql")
    }

    /// The process of a part of the system.
    pub fn process_of(&self, part: &str) -> u32 {
        let parent = self.child.id();
        let found = children_of(parent).into_iter().find(|pid| {
            let arguments = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            arguments
                .split(|byte| *byte == 0)
                .any(|argument| argument == part.as_bytes())
        });
        found.unwrap_or_else(|| panic!("no process {part}"))
    }

    /// One of the processes in which the database serves a role.
    pub fn connection_of(&self, role: &str) -> u32 {
        let command =
            |pid: &u32| fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let mut of_role = descendants_of(self.child.id()).into_iter().filter(|pid| {
            let title = command(pid);
            title.starts_with("postgres: ") && title.contains(role)
        });
        of_role
            .next()
            .unwrap_or_else(|| panic!("no connection of {role}"))
    }

    /// Lines of the log so far that contain all of these.
    pub fn lines_with(&self, parts: &[&str]) -> Vec<String> {
        self.log.with(parts)
    }

    /// Waits until so many lines contain this.
    pub fn wait_for(&self, part: &str, count: usize) {
        self.log.wait_for(&[part], count);
    }

    /// Waits until a line contains all of these.
    pub fn wait_for_line(&self, parts: &[&str]) {
        self.log.wait_for(parts, 1);
    }

    /// Lets go of it, as a parent does that is gone, and waits for its end.
    pub fn stop(mut self) -> std::process::ExitStatus {
        drop(self.stdin.take());
        self.child.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.child.wait().unwrap();
    }
}

/// The binary with the settings of the tests.
pub fn command(port: u16, folder: &Path) -> Command {
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_rookery")));
    command
        .args(["--port", &port.to_string(), "--data-dir"])
        .arg(folder)
        .env("LOG_FORMAT", "json")
        .env("RUST_LOG", "info")
        .env("RATE_LIMIT_ANONYMOUS", "0")
        .env("RATE_LIMIT_USER", "0");
    command
}

/// All processes whose parent this is.
pub fn children_of(parent: u32) -> Vec<u32> {
    let is_child = |pid: &u32| {
        let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        status
            .lines()
            .any(|line| line == format!("PPid:\t{parent}"))
    };
    let pids = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(is_child).collect()
}

/// The processes that it started, and those that they started.
fn descendants_of(parent: u32) -> Vec<u32> {
    let children = children_of(parent).into_iter();
    children
        .flat_map(|child| descendants_of(child).into_iter().chain([child]))
        .collect()
}

pub fn signal(name: &str, pid: u32) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status()
        .unwrap();
    assert!(status.success(), "kill -{name} {pid}");
}

/// State of a process as in proc(5): `R` runs, `S` waits, `T` is stopped, `Z` is dead and not noticed yet.
fn state(pid: u32) -> Option<char> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("State:"))?;
    line.trim().chars().next()
}

/// Whether a process is there and alive.
pub fn runs(pid: u32) -> bool {
    state(pid).is_some_and(|state| state != 'Z')
}

/// Waits until a process is dead: a signal is sent at once and takes effect later.
pub fn until_gone(pid: u32) {
    wait(&format!("the end of process {pid}"), || !runs(pid));
}

/// Stops a process where it is, so that it is there and does not answer.
pub fn freeze(pid: u32) {
    signal("STOP", pid);
    wait(&format!("the stop of process {pid}"), || {
        state(pid) == Some('T')
    });
}

fn wait(what: &str, condition: impl Fn() -> bool) {
    let begin = Instant::now();
    while !condition() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain for {what}");
        thread::yield_now();
    }
}

/// What a system printed, line by line.
#[derive(Clone, Default)]
struct Log(Arc<(Mutex<Vec<String>>, Condvar)>);

impl Log {
    fn follow(&self, stream: impl Read + Send + 'static) {
        let log = self.clone();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                secrets::logged(&line);
                log.0.0.lock().unwrap().push(line);
                log.0.1.notify_all();
            }
        });
    }

    fn with(&self, parts: &[&str]) -> Vec<String> {
        let lines = self.0.0.lock().unwrap();
        lines
            .iter()
            .filter(|line| parts.iter().all(|part| line.contains(part)))
            .cloned()
            .collect()
    }

    fn wait_for(&self, parts: &[&str], count: usize) {
        let (lines, changed) = &*self.0;
        let has_all = |line: &&String| parts.iter().all(|part| line.contains(part));
        let missing = |lines: &mut Vec<String>| lines.iter().filter(has_all).count() < count;
        let (lines, waited) = changed
            .wait_timeout_while(lines.lock().unwrap(), PATIENCE, missing)
            .unwrap();
        assert!(
            !waited.timed_out(),
            "no {parts:?} in the log:\n{}",
            lines.join("\n")
        );
    }
}
