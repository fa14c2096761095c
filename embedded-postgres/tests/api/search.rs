use std::ffi::OsString;
use std::fs;
use std::path::Path;

use embedded_postgres::Search;

use crate::support::{fake_binaries, open_folder};

/// Looks nowhere but in `folder`.
fn search_in(folder: &Path) -> Search {
    Search {
        pg_bin: None,
        installed: folder.join("installed"),
        path: OsString::new(),
        cache: folder.join("cache"),
        sources: Vec::new(),
    }
}

fn found(search: &Search) -> String {
    search.find(None).unwrap().version().to_owned()
}

#[test]
fn pg_bin_comes_before_the_distribution_before_pg_config_before_the_path() {
    let folder = open_folder();
    let root = folder.path();
    let on_path = fake_binaries(&root.join("path"), "postgres (PostgreSQL) 15.4");
    let mut search = search_in(root);
    search.path = on_path.clone().into_os_string();
    assert_eq!(found(&search), "15.4");

    let configured = fake_binaries(&root.join("configured"), "postgres (PostgreSQL) 16.3");
    let pg_config = root.join("tools/pg_config");
    fake_binaries(&root.join("tools"), configured.to_str().unwrap());
    fs::rename(root.join("tools/initdb"), pg_config).unwrap();
    fs::remove_file(root.join("tools/postgres")).unwrap();
    search.path = std::env::join_paths([on_path, root.join("tools")]).unwrap();
    assert_eq!(found(&search), "16.3");

    for (version, answer) in [
        ("9", "postgres (PostgreSQL) 9.6.24"),
        ("15", "postgres (PostgreSQL) 15.18 (Debian 15.18-0)"),
        ("17", "postgres (PostgreSQL) 17.1"),
    ] {
        fake_binaries(&search.installed.join(version).join("bin"), answer);
    }
    assert_eq!(found(&search), "17.1", "the newest, not the last by name");

    search.pg_bin = Some(fake_binaries(
        &root.join("given"),
        "postgres (PostgreSQL) 18.6",
    ));
    assert_eq!(found(&search), "18.6");
}

#[test]
fn data_of_an_older_version_is_served_by_binaries_of_that_version() {
    let folder = open_folder();
    let search = search_in(folder.path());
    for version in ["15", "17"] {
        fake_binaries(
            &search.installed.join(version).join("bin"),
            &format!("postgres (PostgreSQL) {version}.1"),
        );
    }
    assert_eq!(search.find(Some(15)).unwrap().major(), 15);
    let text = search.find(Some(16)).unwrap_err().to_string();
    assert!(
        text.contains("PostgreSQL 16, which made the data"),
        "{text}"
    );
}

#[test]
fn a_given_folder_that_will_not_do_is_an_error_and_not_a_hint() {
    let folder = open_folder();
    let root = folder.path();
    let mut search = search_in(root);
    search.path = fake_binaries(&root.join("path"), "postgres (PostgreSQL) 15.4").into_os_string();
    for (given, reason) in [
        (root.join("nowhere"), "has no initdb"),
        (
            fake_binaries(&root.join("old"), "postgres (PostgreSQL) 14.9"),
            "is PostgreSQL 14.9, 15 or newer is needed",
        ),
        (
            fake_binaries(&root.join("other"), "hello"),
            "is no PostgreSQL",
        ),
    ] {
        search.pg_bin = Some(given.clone());
        let text = search.find(None).unwrap_err().to_string();
        assert!(text.starts_with("PG_BIN is "), "{text}");
        assert!(text.contains(given.to_str().unwrap()), "{text}");
        assert!(text.contains(reason), "{text}");
    }
}

#[test]
fn with_nothing_usable_one_line_says_what_to_install_and_what_was_tried() {
    let folder = open_folder();
    let search = search_in(folder.path());
    let text = search.find(None).unwrap_err().to_string();
    assert!(text.contains("apt-get install postgresql"), "{text}");
    assert!(text.contains("PG_BIN"), "{text}");

    let old = search.installed.join("13/bin");
    fake_binaries(&old, "postgres (PostgreSQL) 13.1");
    let text = search.find(None).unwrap_err().to_string();
    assert!(text.contains(old.to_str().unwrap()), "{text}");
    assert!(text.contains("13.1, 15 or newer is needed"), "{text}");
    assert!(!text.contains('\n'));
}
