use std::fs;

use embedded_postgres::{Cluster, Search, Storage};

use crate::support::{
    Owner, execute, kill_all, open_folder, postmaster, processes_of, value, wait_until,
};

#[test]
fn committed_rows_survive_a_kill_of_everything() {
    let folder = open_folder();
    let home = folder.path().join("cluster");
    let mut owner = Owner::start(&home);
    execute(&owner.url, "CREATE TABLE kept (n int)");
    execute(&owner.url, "INSERT INTO kept VALUES (42)");

    // All at once, so that no guard and no postmaster gets to tidy up.
    let everything = processes_of(&home);
    assert!(everything.len() > 5, "only {everything:?} run");
    kill_all(&everything);
    owner.process.wait().unwrap();
    assert!(home.join("data/postmaster.pid").exists());

    let cluster = Cluster::start(&Storage::Durable(home), &Search::from_env().unwrap()).unwrap();
    let url = cluster.url("postgres");
    assert_eq!(value(&url, "SELECT n::text FROM kept"), "42");
}

#[test]
fn an_orphaned_server_is_stopped_and_its_data_taken_over() {
    let folder = open_folder();
    let home = folder.path().join("cluster");
    let mut owner = Owner::start(&home);
    execute(&owner.url, "CREATE TABLE kept AS SELECT 'kept' AS word");
    let orphan = postmaster(&home);
    let guards: Vec<u32> = processes_of(&home)
        .into_iter()
        .filter(|pid| {
            fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.trim() == "sh")
        })
        .collect();
    assert_eq!(guards.len(), 2, "the guard and its reader");
    kill_all(&guards);
    owner.kill();
    assert!(fs::exists(format!("/proc/{orphan}")).unwrap());

    let cluster = Cluster::start(
        &Storage::Durable(home.clone()),
        &Search::from_env().unwrap(),
    )
    .unwrap();
    assert_ne!(postmaster(&home), orphan);
    assert_eq!(
        value(&cluster.url("postgres"), "SELECT word FROM kept"),
        "kept"
    );
}

#[test]
fn a_pid_file_that_names_an_unrelated_process_is_no_obstacle() {
    let folder = open_folder();
    let home = folder.path().join("cluster");
    let storage = Storage::Durable(home.clone());
    let search = Search::from_env().unwrap();
    Cluster::start(&storage, &search).unwrap().stop().unwrap();
    let pid_file = home.join("data/postmaster.pid");
    fs::write(&pid_file, format!("{}\n", std::process::id())).unwrap();

    let cluster = Cluster::start(&storage, &search).unwrap();
    assert!(cluster.is_running());
}

#[test]
fn a_durable_cluster_writes_through_to_the_disk_and_asks_for_a_password() {
    let folder = open_folder();
    let storage = Storage::Durable(folder.path().join("cluster"));
    let cluster = Cluster::start(&storage, &Search::from_env().unwrap()).unwrap();
    let url = cluster.url("postgres");
    for (setting, wanted) in [
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("full_page_writes", "on"),
        ("data_checksums", "on"),
        ("listen_addresses", "127.0.0.1"),
        ("unix_socket_directories", ""),
    ] {
        assert_eq!(value(&url, &format!("SHOW {setting}")), wanted, "{setting}");
    }
    assert_eq!(
        value(
            &url,
            "SELECT string_agg(DISTINCT auth_method, ' ') FROM pg_hba_file_rules"
        ),
        "scram-sha-256"
    );
    let password = fs::read_to_string(cluster.folder().join("password")).unwrap();
    assert_eq!(password.len(), 64);
    assert!(!format!("{cluster:?}").contains(&password));
    for pid in processes_of(cluster.folder()) {
        let command = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&command).contains(&password));
    }
}

#[test]
fn a_kill_of_the_owner_alone_lets_the_guard_write_a_checkpoint() {
    let folder = open_folder();
    let home = folder.path().join("cluster");
    let mut owner = Owner::start(&home);
    owner.kill();
    wait_until("the server ends with its owner", || {
        processes_of(&home).is_empty()
    });
    let log = fs::read_to_string(home.join("server.log")).unwrap();
    assert!(log.contains("database system is shut down"), "{log}");
}
