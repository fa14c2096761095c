use std::fs;
use std::path::Path;
use std::process::ExitCode;

use crate::{Change, Entry, Registry, Verdict};
use clap::Parser;
use common::objects::{Location, Objects};
use tempfile::TempDir;

use super::*;

#[derive(Parser)]
struct CommandLine {
    #[command(subcommand)]
    action: Action,
}

/// A repository of two subgraphs, and a registry.
struct Team {
    root: TempDir,
}

const USERS: &str =
    "type Query { viewer: User }\ntype User @key(fields: \"id\") { id: ID! name: String! }";
const POSTS: &str =
    "type Query { post: Post }\ntype Post @key(fields: \"id\") { id: ID! text: String! }";

impl Team {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let config = "federation_version: 2\nsubgraphs:\n  users: {routing_url: 'http://users/graphql', schema: {file: schema/users.graphql}}\n  posts: {routing_url: 'http://posts/graphql', schema: {file: schema/posts.graphql}}\n";
        fs::write(root.path().join("supergraph.yaml"), config).unwrap();
        fs::create_dir(root.path().join("schema")).unwrap();
        let team = Self { root };
        team.write("users", USERS);
        team.write("posts", POSTS);
        team
    }

    fn write(&self, subgraph: &str, sdl: &str) {
        const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])";
        let path = self.root.path().join(format!("schema/{subgraph}.graphql"));
        fs::write(path, format!("{LINK}\n{sdl}\n")).unwrap();
    }

    fn record(&self, document: &str) {
        let folder = self.root.path().join("operations/web");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("Q.graphql"), format!("{document}\n")).unwrap();
    }

    fn place(&self) -> String {
        format!("file:{}", self.root.path().join("registry").display())
    }

    fn objects(&self) -> Objects {
        Objects::in_folder(&self.root.path().join("registry")).unwrap()
    }

    /// Runs a command; its exit code.
    fn run(&self, line: &[&str]) -> ExitCode {
        let place = self.place();
        let mut words = vec!["schema"];
        words.extend(line);
        words.extend(["--registry", &place]);
        if matches!(line.first(), Some(&("publish" | "rollback"))) {
            words.extend(["--author", "ada", "--skip", "planning"]);
        }
        command(
            self.root.path(),
            &CommandLine::try_parse_from(words).unwrap().action,
        )
    }

    fn history(&self) -> Vec<Entry> {
        let registry = Registry::new(self.objects());
        object_stores::block_on(async { registry.history().await.map_err(failed) }).unwrap()
    }

    fn fetch(&self, line: &[&str]) -> String {
        let file = self.root.path().join("fetched");
        let mut words = vec!["fetch", "--output", file.to_str().unwrap()];
        words.extend(line);
        assert_code(self.run(&words), 0);
        fs::read_to_string(file).unwrap()
    }
}

#[track_caller]
fn assert_code(actual: ExitCode, expected: u8) {
    assert_eq!(
        format!("{actual:?}"),
        format!("{:?}", ExitCode::from(expected))
    );
}

#[test]
fn what_is_published_can_be_fetched_and_has_a_history() {
    let team = Team::new();
    assert_code(team.run(&["publish"]), 0);
    team.write(
        "users",
        &USERS.replace("name: String!", "name: String! \"Said.\" bio: String"),
    );
    assert_code(team.run(&["publish", "users", "--message", "a bio"]), 0);
    let history = team.history();
    let names = |names: &[&str]| Change::Publish {
        subgraphs: names.iter().map(|&name| name.to_owned()).collect(),
    };
    assert_eq!(history[0].change, names(&["posts", "users"]));
    assert_eq!(history[1].change, names(&["users"]));
    assert_eq!(history[1].message, "a bio");
    assert_eq!(
        (
            history[1].subgraphs["users"].version,
            history[1].subgraphs["posts"].version
        ),
        (2, 1)
    );
    assert_eq!((history[1].check.breaking, history[1].check.safe), (0, 1));
    assert!(
        team.fetch(&[])
            .contains("join__graph(name: \"users\", url: \"http://users/graphql\")")
    );
    assert!(team.fetch(&["--api"]).contains("bio: String"));
    assert!(
        !team
            .fetch(&["--api", "--version", "1"])
            .contains("bio: String")
    );
    assert!(team.fetch(&["--subgraph", "users"]).contains("@key"));
    assert!(
        team.fetch(&["--report"])
            .contains("\"verdict\": \"passed\"")
    );
    let copy = object_stores::block_on(async {
        Ok(team
            .objects()
            .get(&Location::from("supergraph.graphql"))
            .await
            .unwrap())
    });
    assert_eq!(copy.unwrap().unwrap(), team.fetch(&[]));
}

#[test]
fn what_is_the_same_is_not_published_again() {
    let team = Team::new();
    assert_code(team.run(&["publish"]), 0);
    assert_code(team.run(&["publish"]), 0);
    assert_code(team.run(&["publish", "posts"]), 0);
    assert_eq!(team.history().len(), 1);
}

#[test]
fn what_breaks_a_recorded_operation_is_not_published() {
    let team = Team::new();
    team.record("query Q { viewer { name } }");
    assert_code(team.run(&["publish"]), 0);
    team.write(
        "users",
        &USERS.replace("name: String!", "\"Said.\" nick: String!"),
    );
    assert_code(team.run(&["publish"]), 1);
    team.write("users", "type Query { viewer: Nobody }");
    assert_code(team.run(&["publish"]), 1);
    assert_eq!(team.history().len(), 1);
    assert!(team.fetch(&["--api"]).contains("name: String!"));
}

/// What routers have seen counts as well as what is committed.
#[test]
fn what_breaks_an_operation_that_routers_have_seen_is_not_published() {
    let team = Team::new();
    team.record("query Q { viewer { id } }");
    assert_code(team.run(&["publish"]), 0);
    team.write(
        "users",
        &USERS.replace("name: String!", "\"Said.\" nick: String!"),
    );
    let seen = crate::usage::Use {
        client: "web".to_owned(),
        client_version: "1".to_owned(),
        name: "Q".to_owned(),
        document: "query Q { viewer { name } }".to_owned(),
        count: 3,
        last_seen: SystemClock::shared().now(),
    };
    let usage = crate::usage::Usage::new(team.objects());
    let now = SystemClock::shared().now();
    let stored = object_stores::block_on(async { Ok(usage.store("r", now, &[seen]).await) });
    stored.unwrap().unwrap();
    assert_code(team.run(&["publish", "--usage", &team.place()]), 1);
    // Nobody is known to use it then.
    assert_code(team.run(&["publish"]), 0);
    assert_eq!(team.history()[1].check.breaking, 1);
}

#[test]
fn a_rollback_brings_back_what_was_there_whatever_it_breaks() {
    let team = Team::new();
    assert_code(team.run(&["publish"]), 0);
    let before = team.fetch(&[]);
    team.write(
        "users",
        &USERS.replace("name: String!", "name: String! \"Said.\" bio: String"),
    );
    team.record("query Q { viewer { bio } }");
    assert_code(team.run(&["publish"]), 0);
    assert_code(team.run(&["rollback", "1"]), 0);
    assert_eq!(team.fetch(&[]), before);
    let last = team.history().pop().unwrap();
    assert_eq!(last.change, Change::Rollback { to: 1 });
    assert_eq!((last.version, last.check.verdict), (3, Verdict::Failed));
}

#[test]
fn a_subgraph_of_another_repository_is_published_with_its_file_and_address() {
    let team = Team::new();
    assert_code(team.run(&["publish"]), 0);
    let file = team.root.path().join("billing.graphql");
    fs::write(&file, "type Query { \"Said.\" invoice: ID }").unwrap();
    let file = file.to_str().unwrap();
    let line = [
        "publish",
        "billing",
        "--file",
        file,
        "--routing-url",
        "http://billing/graphql",
    ];
    assert_code(team.run(&line), 0);
    assert!(team.fetch(&[]).contains("http://billing/graphql"));
    // It stays when somebody else publishes.
    team.write(
        "posts",
        &POSTS.replace("text: String!", "text: String! \"Said.\" likes: Int"),
    );
    assert_code(team.run(&["publish"]), 0);
    assert_eq!(team.history()[2].subgraphs.len(), 3);
}

#[test]
fn a_subgraph_is_taken_out_by_its_name() {
    let team = Team::new();
    assert_code(team.run(&["publish"]), 0);
    team.record("query Q { viewer { id } }");
    assert_code(team.run(&["publish", "--remove", "users"]), 1);
    assert_code(team.run(&["publish", "--remove", "billing"]), 2);
    assert_code(team.run(&["publish", "--remove", "posts"]), 0);
    let last = team.history().pop().unwrap();
    assert_eq!(last.subgraphs.keys().collect::<Vec<_>>(), ["users"]);
    let posts = vec!["posts".to_owned()];
    assert_eq!(last.change, Change::Publish { subgraphs: posts });
}

/// When it is needed nothing else may be in the way.
#[test]
fn a_rollback_does_without_a_check() {
    let team = Team::new();
    assert_code(team.run(&["publish"]), 0);
    team.write(
        "users",
        &USERS.replace("name: String!", "name: String! \"Said.\" bio: String"),
    );
    assert_code(team.run(&["publish"]), 0);
    fs::write(team.root.path().join("schema/approvals.yaml"), "nonsense").unwrap();
    assert_code(team.run(&["publish"]), 2);
    assert_code(team.run(&["rollback", "1"]), 0);
    let history = team.history();
    assert_eq!(history[2].supergraph, history[0].supergraph);
    assert!(team.fetch(&["--report"]).contains("approvals.yaml"));
}

#[test]
fn what_is_no_name_or_no_address_is_refused() {
    let team = Team::new();
    let file = team.root.path().join("schema/users.graphql");
    let file = file.to_str().unwrap();
    for (name, url) in [
        ("", "http://x/graphql"),
        ("Billing", "http://x/graphql"),
        ("../x", "http://x/graphql"),
        ("billing", "not a url"),
        ("billing", "ftp://x"),
    ] {
        let line = ["publish", name, "--file", file, "--routing-url", url];
        assert_code(team.run(&line), 2);
    }
    assert!(team.history().is_empty());
}

#[test]
fn what_cannot_be_done_is_said() {
    let team = Team::new();
    assert_code(team.run(&["fetch"]), 2);
    assert!(
        !team.root.path().join("registry").exists(),
        "who reads makes nothing"
    );
    assert_code(team.run(&["publish", "billing"]), 2);
    assert_code(
        team.run(&["publish", "--file", "x", "--routing-url", "http://x"]),
        2,
    );
    assert_code(team.run(&["publish"]), 0);
    assert_code(team.run(&["fetch", "--version", "9"]), 2);
    assert_code(team.run(&["fetch", "--subgraph", "billing"]), 2);
    assert_code(team.run(&["rollback", "9"]), 2);
    assert_code(team.run(&["diff", "1", "9"]), 2);
    assert_code(team.run(&["diff", "1"]), 0);
    assert_code(team.run(&["history"]), 0);
    assert_code(team.run(&["history", "billing"]), 2);
    let nowhere = CommandLine::try_parse_from(["schema", "history", "--registry", "http://x"]);
    assert_code(command(Path::new("."), &nowhere.unwrap().action), 2);
}
