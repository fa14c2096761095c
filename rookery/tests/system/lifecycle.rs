//! Start and stop, as a person at a terminal sees them.

use std::{fs, net::TcpListener, path::Path, process::Stdio};

use serde_json::json;

use crate::{
    client::{Client, TIMELINE},
    running::{Running, children_of, command, data_folder, free_ports, runs, signal, until_gone},
};

fn descendants(pid: u32) -> Vec<u32> {
    children_of(pid)
        .into_iter()
        .flat_map(|child| [vec![child], descendants(child)].concat())
        .collect()
}

#[tokio::test]
async fn ctrl_c_stops_everything_and_leaves_no_process() {
    let folder = data_folder();
    let port = free_ports();
    let mut child = command(port, folder.path())
        .arg("--no-seed")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until_ready(&mut child);
    let processes = descendants(child.id());
    assert!(
        processes.len() > 5,
        "services, router and PostgreSQL: {processes:?}"
    );
    signal("INT", child.id());
    assert!(child.wait().unwrap().success());
    let left: Vec<_> = processes.into_iter().filter(|pid| runs(*pid)).collect();
    assert!(left.is_empty(), "still there: {left:?}");
}

#[tokio::test]
async fn what_concerns_the_router_alone_reaches_no_service() {
    const OF_THE_ROUTER: [(&str, &str); 2] = [
        ("TRUSTED_PROXIES", "192.0.2.1"),
        ("RATE_LIMIT_STORE_URL", "redis://:hunter2@127.0.0.1:1/0"),
    ];
    let folder = data_folder();
    let mut child = command(free_ports(), folder.path())
        .arg("--no-seed")
        .envs(OF_THE_ROUTER)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until_ready(&mut child);
    let mut seen = 0;
    for pid in children_of(child.id()) {
        let read = |file| fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let (command, variables) = (read("cmdline"), read("environ"));
        let Some((_, process)) = command.split_once("\0process\0") else {
            continue;
        };
        seen += 1;
        for (name, value) in OF_THE_ROUTER {
            let is_there = variables.contains(&format!("{name}={value}\0"));
            assert_eq!(is_there, process == "router\0", "{name}: {process}");
        }
    }
    assert_eq!(seen, 4);
    signal("TERM", child.id());
    assert!(child.wait().unwrap().success());
}

/// Reads standard output until the system is ready.
fn until_ready(child: &mut std::process::Child) {
    use std::io::{BufRead, BufReader};
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap())
        .lines()
        .map_while(Result::ok);
    assert!(
        lines.any(|line| line.starts_with("Ready after")),
        "it ended before it was ready"
    );
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_everything_was_killed() {
    let folder = data_folder();
    let mut system = Running::start_in(folder.path(), &["--no-seed"]);
    let client = Client::new(system.url("/graphql"));
    let (reader, author) = (client.somebody().await, client.somebody().await);
    reader.follow(&author).await;
    let post = author.post("acknowledged").await;
    let processes = descendants(system.child.id());
    system.child.kill().unwrap();
    system.child.wait().unwrap();
    processes.into_iter().for_each(until_gone);

    let system = Running::start_in(folder.path(), &["--no-seed"]);
    let reader = crate::client::Person {
        client: Client::new(system.url("/graphql")),
        ..reader
    };
    let timeline = reader.data(TIMELINE, &json!({})).await;
    assert_eq!(timeline["timeline"]["nodes"][0]["id"], *post);
}

/// Starts a system that cannot start; what it says.
fn refused(port: u16, folder: &Path, arguments: &[&str]) -> String {
    let output = command(port, folder)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn what_prevents_the_start_is_said_in_one_line_with_a_way_out() {
    let folder = data_folder();
    let port = free_ports();
    let taken = TcpListener::bind(("127.0.0.1", port + 2)).unwrap();
    let message = refused(port, folder.path(), &[]);
    assert!(
        message.contains(&format!("port {}", port + 2)) && message.contains("--port"),
        "{message}"
    );
    assert_eq!(message.lines().count(), 1, "{message}");
    drop(taken);

    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let message = refused(free_ports(), &file, &[]);
    assert!(
        message.contains("--data-dir") && message.lines().count() == 1,
        "{message}"
    );
}

#[tokio::test]
async fn two_systems_do_not_share_a_folder() {
    let folder = data_folder();
    let _first = Running::start_in(folder.path(), &["--no-seed"]);
    let message = refused(free_ports(), folder.path(), &[]);
    assert!(
        message.contains("--data-dir") && message.lines().count() == 1,
        "{message}"
    );
}
