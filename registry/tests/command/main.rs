//! The program `rookery-schema`, run as a user would: in a folder with nothing but the files, without git, cargo and a checkout.
#![expect(
    clippy::unwrap_used,
    reason = "a test says what it expects by panicking"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

const LINK: &str =
    "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])";
const USERS: &str = "\"The root of all queries.\"\ntype Query { \"The user who is signed in.\" viewer: User }\n\"A person with an account.\"\ntype User @key(fields: \"id\") { \"Stable, globally unique ID.\" id: ID! \"Name that others see.\" name: String! }";

/// A folder with a graph of one subgraph, and its registry.
struct Folder(TempDir);

impl Folder {
    fn new(sdl: &str) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("supergraph.yaml", "federation_version: 2\nsubgraphs:\n  users: {routing_url: 'http://users/graphql', schema: {file: schema/users.graphql}}\n");
        folder.write("operations/web/Q.graphql", "query Q { viewer { name } }\n");
        folder.subgraph(sdl);
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn subgraph(&self, sdl: &str) {
        self.write("schema/users.graphql", &format!("{LINK}\n{sdl}\n"));
    }

    /// Runs the program in the folder, with an empty environment.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_rookery-schema"))
            .args(arguments)
            .current_dir(self.path())
            .env_clear()
            .output()
            .unwrap();
        (output.status.code().unwrap(), text(&output))
    }
}

fn text(output: &Output) -> String {
    let parts = [&output.stdout, &output.stderr];
    parts.map(|part| String::from_utf8_lossy(part)).concat()
}

#[test]
fn checks_files_against_files_without_git() {
    let (base, head) = (Folder::new(USERS), Folder::new(USERS));
    let against = base.path().display().to_string();
    let check = ["check", "--base", &against, "--skip", "planning"];
    let (code, shown) = head.run(&check);
    assert_eq!(code, 0, "{shown}");

    head.subgraph(&USERS.replace("name: String!", "fullName: String!"));
    let (code, shown) = head.run(&check);
    assert_eq!(code, 1, "{shown}");
    assert!(
        shown.contains("FIELD_REMOVED") && shown.contains("web/Q"),
        "{shown}"
    );
}

#[test]
fn names_the_choices_when_there_is_nothing_to_compare_with() {
    let folder = Folder::new(USERS);
    let (code, shown) = folder.run(&["check", "--skip", "planning"]);
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("name a base with --base"), "{shown}");
}

#[test]
fn says_where_the_planner_is_expected() {
    let folder = Folder::new(USERS);
    let base = folder.path().display().to_string();
    let planner = folder.path().join("nowhere").display().to_string();
    let (code, shown) = folder.run(&["check", "--base", &base, "--planner", &planner]);
    assert_eq!(code, 2, "{shown}");
    assert!(shown.contains("nowhere: cannot be run"), "{shown}");
}

#[test]
fn publishes_reads_and_rolls_back_from_files_alone() {
    let folder = Folder::new(USERS);
    let url = format!("file:{}", folder.path().join("registry").display());
    let registry = ["--registry", &url];
    let publish = [
        &["publish", "--author", "ada", "--skip", "planning"],
        &registry[..],
    ]
    .concat();
    let (code, shown) = folder.run(&publish);
    assert!(
        code == 0 && shown.contains("published version 1"),
        "{shown}"
    );

    folder.subgraph(&USERS.replace("name: String!", "name: String! \"Short text.\" bio: String"));
    let (code, shown) = folder.run(&["check", "--base", &url, "--skip", "planning"]);
    assert_eq!(code, 0, "{shown}");
    assert!(shown.contains("version 1 of"), "{shown}");
    let (code, shown) = folder.run(&publish);
    assert!(
        code == 0 && shown.contains("published version 2"),
        "{shown}"
    );

    let (code, shown) = folder.run(&[&["diff", "1", "2"], &registry[..]].concat());
    assert!(code == 0 && shown.contains("User.bio"), "{shown}");
    let rollback = ["rollback", "1", "--author", "ada", "--skip", "planning"];
    let (code, shown) = folder.run(&[&rollback, &registry[..]].concat());
    assert!(
        code == 0 && shown.contains("published version 3"),
        "{shown}"
    );
    let (code, shown) = folder.run(&[&["history"], &registry[..]].concat());
    assert!(code == 0 && shown.lines().count() == 3, "{shown}");
    let (code, shown) = folder.run(&[&["fetch", "--api"], &registry[..]].concat());
    assert!(code == 0 && !shown.contains("bio"), "{shown}");
}
