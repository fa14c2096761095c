use std::fs;
use std::os::unix::fs::PermissionsExt;

use embedded_postgres::{Cluster, Error, Search, Storage};

use crate::support::{Owner, kill_all, open_folder, postmaster, processes_of, value, wait_until};

fn ephemeral() -> Cluster {
    Cluster::start(&Storage::Ephemeral, &Search::from_env().unwrap()).unwrap()
}

#[test]
fn nothing_is_left_after_an_ephemeral_cluster_is_dropped() {
    let cluster = ephemeral();
    let folder = cluster.folder().to_owned();
    assert_eq!(value(&cluster.url("postgres"), "SHOW fsync"), "off");
    assert!(!processes_of(&folder).is_empty());
    drop(cluster);
    assert_eq!(processes_of(&folder), Vec::<u32>::new());
    assert!(!folder.exists());
}

#[test]
fn nothing_is_left_after_the_owner_of_an_ephemeral_cluster_is_killed() {
    let mut owner = Owner::of_an_ephemeral_cluster();
    let folder = owner.folder();
    assert!(!processes_of(&folder).is_empty());
    owner.kill();
    wait_until("server and folder end with their owner", || {
        processes_of(&folder).is_empty() && !folder.exists()
    });
}

#[test]
fn what_a_killed_guard_could_not_remove_is_removed_by_the_next_cluster() {
    let mut owner = Owner::of_an_ephemeral_cluster();
    let folder = owner.folder();
    kill_all(&processes_of(&folder));
    owner.kill();
    drop(ephemeral());
    assert!(!folder.exists());
}

#[test]
fn a_server_that_is_killed_is_noticed_and_leaves_no_folder() {
    let cluster = ephemeral();
    let folder = cluster.folder().to_owned();
    kill_all(&[postmaster(&folder)]);
    wait_until("the end is noticed", || !cluster.is_running());
    drop(cluster);
    assert!(!folder.exists());
}

#[test]
fn two_clusters_run_side_by_side() {
    let (one, two) = std::thread::scope(|scope| {
        let one = scope.spawn(ephemeral);
        let two = scope.spawn(ephemeral);
        (one.join().unwrap(), two.join().unwrap())
    });
    assert_ne!(one.port(), two.port());
    assert_ne!(one.folder(), two.folder());
    let folder_of_the_other = two.folder().to_owned();
    drop(one);
    assert_eq!(
        value(&two.url("postgres"), "SHOW data_directory"),
        folder_of_the_other.join("data").to_str().unwrap()
    );
}

#[test]
fn a_second_cluster_in_the_same_folder_is_refused_with_a_way_out() {
    let folder = open_folder();
    let home = folder.path().join("cluster");
    let owner = Owner::start(&home);
    let refused = Cluster::start(
        &Storage::Durable(home.clone()),
        &Search::from_env().unwrap(),
    )
    .unwrap_err();
    let text = refused.to_string();
    assert!(matches!(refused, Error::InUse { .. }), "{text}");
    for part in [
        home.to_str().unwrap(),
        &format!("process {}", owner.process.id()),
        "--data-dir",
        "--port",
    ] {
        assert!(text.contains(part), "{text:?} lacks {part}");
    }
    assert_eq!(value(&owner.url, "SELECT 'alive'"), "alive");
    drop(owner.process);
}

#[test]
fn a_data_folder_that_others_may_read_is_refused() {
    let folder = open_folder();
    let storage = Storage::Durable(folder.path().join("cluster"));
    let search = Search::from_env().unwrap();
    let cluster = Cluster::start(&storage, &search).unwrap();
    let data = cluster.folder().join("data");
    cluster.stop().unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();

    let text = Cluster::start(&storage, &search).unwrap_err().to_string();
    assert!(text.contains("has permissions 755"), "{text}");
    assert!(text.contains(data.to_str().unwrap()), "{text}");
    assert!(!text.contains('\n'));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = open_folder();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let text = Cluster::start(
        &Storage::Durable(file.join("cluster")),
        &Search::from_env().unwrap(),
    )
    .unwrap_err()
    .to_string();
    assert!(text.starts_with(file.to_str().unwrap()), "{text}");
    assert!(text.contains("is no folder"), "{text}");
    assert!(text.contains("--data-dir"), "{text}");
}

#[test]
fn a_folder_that_the_servers_account_cannot_reach_is_refused_and_nothing_made() {
    let folder = open_folder();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o600)).unwrap();
    let text = Cluster::start(
        &Storage::Durable(closed.join("cluster")),
        &Search::from_env().unwrap(),
    )
    .unwrap_err()
    .to_string();
    assert!(text.contains(closed.to_str().unwrap()), "{text}");
    assert!(text.contains("--data-dir"), "{text}");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(fs::read_dir(&closed).unwrap().count(), 0);
}
