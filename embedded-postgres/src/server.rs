use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::account::Account;
use crate::folder::ClusterFolder;
use crate::guard::{AtTheEnd, Guard};
use crate::last_lines::last_lines;
use crate::search::Binaries;
use crate::{Error, processes, wait};

/// Recovery after a crash replays up to `max_wal_size` of log, which a slow disk takes its time for.
const START_TIMEOUT: Duration = Duration::from_mins(2);
/// `initdb` writes 1,000 files and syncs them.
const INITDB_TIMEOUT: Duration = Duration::from_mins(5);
const POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Another process may take the free port that we found before PostgreSQL does.
const PORT_ATTEMPTS: u32 = 5;

/// Settings of every cluster. Byte order and UTC, so that it behaves the same on every machine.
const COMMON: [&str; 7] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "timezone=UTC",
    "log_timezone=UTC",
    "log_line_prefix=%m [%p] ",
    "password_encryption=scram-sha-256",
];
const DURABLE: [&str; 3] = ["fsync=on", "synchronous_commit=on", "full_page_writes=on"];
/// The data of an ephemeral cluster is never read after a crash. An autovacuum worker could keep a session in the template
/// that a test copies. Shared memory by `mmap` lies in the data folder, so it is removed with it.
const EPHEMERAL: [&str; 8] = [
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "dynamic_shared_memory_type=mmap",
    "wal_level=minimal",
    "max_wal_senders=0",
    "jit=off",
];

/// Creates the cluster unless it exists. It is created aside and renamed, so that an interrupted `initdb` leaves no
/// incomplete cluster.
pub(crate) fn initialise(
    binaries: &Binaries,
    folder: &ClusterFolder,
    account: &Account,
    durable: bool,
) -> Result<(), Error> {
    let data = folder.data();
    if data.exists() {
        return Ok(());
    }
    let unfinished = folder.root.join("data.unfinished");
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::io(&unfinished)(error));
        }
        _ => {}
    }
    fs::create_dir(&unfinished).map_err(Error::io(&unfinished))?;
    account.take(&unfinished)?;

    let mut initdb = Command::new(binaries.program("initdb"));
    initdb
        .arg("--pgdata")
        .arg(&unfinished)
        .arg("--pwfile")
        .arg(folder.password_file())
        .args([
            "--username=postgres",
            "--encoding=UTF8",
            "--locale=C",
            "--no-instructions",
        ])
        .args(if durable {
            ["--data-checksums", "--auth=scram-sha-256"]
        } else {
            // Enough for a short-lived server on 127.0.0.1: a debug build of the client takes 30 ms for its part of SCRAM.
            ["--no-sync", "--auth=password"]
        });
    let log_path = folder.log();
    let log = File::create(&log_path).map_err(Error::io(&log_path))?;
    let mut guard = Guard::spawn(account, &initdb, &AtTheEnd::Interrupt, &log)?;
    match wait::until(INITDB_TIMEOUT, POLL_INTERVAL, || guard.ended()) {
        Some(status) if status.success() => {}
        Some(_) => return Err(Error::Initdb(tail(&log_path))),
        None => return Err(Error::Initdb("it takes too long".to_owned())),
    }
    fs::rename(&unfinished, &data).map_err(Error::io(&data))?;
    File::open(&folder.root)
        .and_then(|root| root.sync_all())
        .map_err(Error::io(&folder.root))
}

/// Starts the server, waits until it takes connections, and returns it with its port.
pub(crate) fn start(
    binaries: &Binaries,
    folder: &ClusterFolder,
    account: &Account,
    durable: bool,
    settings: &[&str],
) -> Result<(Guard, u16), Error> {
    let data = folder.data();
    processes::recover(&data, account)?;
    let log_path = folder.log();
    // The log of the previous run explains a crash.
    if log_path.exists() {
        fs::rename(&log_path, folder.root.join("server.log.old")).map_err(Error::io(&log_path))?;
    }
    let mut attempt = 0;
    loop {
        attempt += 1;
        let log = File::create(&log_path).map_err(Error::io(&log_path))?;
        let port = free_port().map_err(Error::io(&data))?;
        let mut server = Command::new(binaries.program("postgres"));
        server.arg("-D").arg(&data);
        let modes: &[&str] = if durable { &DURABLE } else { &EPHEMERAL };
        for setting in COMMON.iter().chain(modes).chain(settings) {
            server.args(["-c", setting]);
        }
        server.args(["-c", &format!("port={port}")]);
        let at_the_end = if durable {
            AtTheEnd::Interrupt
        } else {
            AtTheEnd::Remove(&folder.root)
        };
        let mut guard = Guard::spawn(account, &server, &at_the_end, &log)?;
        match wait_until_ready(&mut guard, &data, port) {
            Ok(()) => return Ok((guard, port)),
            Err(reason) => {
                let tail = tail(&log_path);
                let port_taken = tail.contains("could not bind");
                if !(port_taken && attempt < PORT_ATTEMPTS) {
                    return Err(Error::Start {
                        reason,
                        log: log_path,
                        tail,
                    });
                }
            }
        }
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

/// Reads the state that the postmaster writes into line 8 of `postmaster.pid`, as `pg_ctl` does.
fn wait_until_ready(guard: &mut Guard, data: &Path, port: u16) -> Result<(), String> {
    let outcome = wait::until(START_TIMEOUT, POLL_INTERVAL, || match guard.ended() {
        Some(status) => Some(Err(format!("it ended at once ({status})"))),
        None => is_ready(data, port).then_some(Ok(())),
    });
    outcome.unwrap_or_else(|| Err(format!("not ready after {} s", START_TIMEOUT.as_secs())))
}

fn is_ready(data: &Path, port: u16) -> bool {
    let Ok(state) = fs::read_to_string(data.join("postmaster.pid")) else {
        return false;
    };
    let line = |number: usize| state.lines().nth(number - 1).map_or("", str::trim);
    line(4) == port.to_string()
        && line(8) == "ready"
        && TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// The last lines of a server log, as one.
fn tail(log: &Path) -> String {
    const WINDOW: u64 = 4096;
    let read = || -> std::io::Result<String> {
        let mut file = File::open(log)?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(WINDOW)))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    read().map_or_else(|error| error.to_string(), |text| last_lines(&text, 5))
}
