//! Which supergraph is served, and how another takes its place.

use std::{collections::BTreeMap, fs, path::Path, time::Duration};

use common::{clock::SystemClock, objects::Objects};
use registry::{Change, Draft, Registry, Verdict};
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::{
    live::NOTED,
    support::{Graph, Router, Socket, id, logs_of_refused_start, token},
};

const FIXTURE: &str = include_str!("../fixtures/supergraph.graphql");

/// The supergraph with another description in it, to tell it by.
fn described(description: &str) -> String {
    let sdl = FIXTURE.replace("\ntype Note ", &format!("\n\"{description}\"\ntype Note "));
    assert_ne!(sdl, FIXTURE);
    sdl
}

/// Returns once the supergraph with this description is served.
async fn is_served(router: &Router, description: &str) {
    until(async || {
        let answer = router
            .ask("{ __type(name: \"Note\") { description } }")
            .await;
        answer.body["data"]["__type"]["description"] == description
    })
    .await;
}

async fn until(condition: impl AsyncFn() -> bool) {
    let met = async {
        while !condition().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), met)
        .await
        .unwrap();
}

/// How often a supergraph was refused, by the log.
fn refusals(router: &Router) -> usize {
    router
        .logs()
        .matches("supergraph rejected; the current one is served")
        .count()
}

struct File {
    _folder: TempDir,
    path: String,
}

impl File {
    fn new(sdl: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("supergraph.graphql");
        let path = path.to_str().unwrap().to_owned();
        fs::write(&path, sdl).unwrap();
        Self {
            _folder: folder,
            path,
        }
    }

    fn replace(&self, sdl: &str) {
        fs::write(&self.path, sdl).unwrap();
    }

    fn variable(&self) -> (&'static str, &str) {
        ("SUPERGRAPH_FILE", &self.path)
    }
}

/// Whoever composes a fourth subgraph says where it is; the three that Rookery is made of are where the environment says.
#[tokio::test]
async fn a_subgraph_of_another_name_is_asked_at_its_address_in_the_supergraph() {
    let graph = Graph::start().await;
    let [_, posts, _] = graph.urls();
    let sdl = FIXTURE
        .replace("name: \"posts\"", "name: \"articles\"")
        .replace("http://posts.invalid", &posts);
    let file = File::new(&sdl);
    let router = Router::start_with(&graph, &[file.variable()]).await;
    let answer = router.ask("{ posts { text author { username } } }").await;
    assert_eq!(
        answer.body["data"]["posts"][0]["author"]["username"],
        "user-ada"
    );
    assert_eq!(graph.posts.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_supergraph_takes_its_place_and_no_request_fails() {
    let graph = Graph::start().await;
    let file = File::new(&described("0"));
    let router = std::sync::Arc::new(Router::start_with(&graph, &[file.variable()]).await);
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        let router = router.clone();
        clients.spawn(async move {
            let query = "{ posts { text author { username } } }";
            let expected = router.ask(query).await.body;
            loop {
                assert_eq!(router.ask(query).await.body, expected);
            }
        });
    }
    for change in 1..=3 {
        file.replace(&described(&change.to_string()));
        is_served(&router, &change.to_string()).await;
    }
    // A client that saw a wrong answer has ended; the others never do.
    assert!(clients.try_join_next().is_none());
    assert!(
        graph.posts.seen().len() > 100,
        "there were requests all the time"
    );
}

#[tokio::test]
async fn a_bad_supergraph_is_refused_and_the_one_before_stays() {
    let graph = Graph::start().await;
    let file = File::new(FIXTURE);
    let router = Router::start_with(&graph, &[file.variable()]).await;
    let bad = [
        ("type Query {".to_owned(), "not a GraphQL schema"),
        ("type Query { a: Int }".to_owned(), "it was not composed"),
        (
            FIXTURE
                .replace("name: \"posts\"", "name: \"other\"")
                .replace("http://posts.invalid/graphql", ""),
            "no address",
        ),
        (
            FIXTURE.replace(
                "https://specs.apollo.dev/requiresScopes/",
                "https://example.com/",
            ),
            "would not be enforced",
        ),
    ];
    for (count, (sdl, reason)) in (1..).zip(bad) {
        file.replace(&sdl);
        until(async || refusals(&router) == count).await;
        assert!(
            router.logs().contains(reason),
            "{reason}: {}",
            router.logs()
        );
        let answer = router.ask("{ unread }").await;
        assert_eq!(answer.body, json!({ "data": { "unread": 3 } }));
    }
    fs::remove_file(&file.path).unwrap();
    until(async || router.logs().contains("the supergraph cannot be polled")).await;
    file.replace(&described("good"));
    is_served(&router, "good").await;
}

/// A folder with an operation that asks for `unread`, and the supergraph without that.
fn recorded() -> (TempDir, String) {
    let operations = tempfile::tempdir().unwrap();
    fs::create_dir(operations.path().join("web")).unwrap();
    let operation = operations.path().join("web/Unread.graphql");
    fs::write(operation, "query Unread { unread }\n").unwrap();
    let field = "unread: Int @join__field(graph: MESSAGING)";
    let kept = FIXTURE
        .lines()
        .filter(|line| !line.trim_start().starts_with(field));
    let without = kept.collect::<Vec<_>>().join("\n");
    assert!(without.lines().count() < FIXTURE.lines().count());
    (operations, without)
}

#[tokio::test]
async fn a_supergraph_that_does_not_answer_a_recorded_operation_is_refused() {
    let graph = Graph::start().await;
    let (operations, without) = recorded();
    let file = File::new(FIXTURE);
    let folder = ("OPERATIONS_DIR", operations.path().to_str().unwrap());
    let router = Router::start_with(&graph, &[file.variable(), folder]).await;
    file.replace(&without);
    until(async || refusals(&router) == 1).await;
    let reason = "web/Unread could not be answered";
    assert!(router.logs().contains(reason), "{}", router.logs());
    assert_eq!(router.ask("{ unread }").await.body["data"]["unread"], 3);
}

#[tokio::test]
async fn a_rollback_is_taken_whatever_it_does_not_answer() {
    let graph = Graph::start().await;
    let (operations, without) = recorded();
    let folder = tempfile::tempdir().unwrap();
    let registry = registry_in(folder.path());
    publish(&registry, 0, FIXTURE.to_owned()).await;
    let url = format!("file:{}", folder.path().display());
    let more = [
        ("REGISTRY_URL", url.as_str()),
        ("SUPERGRAPH_FILE", ""),
        ("OPERATIONS_DIR", operations.path().to_str().unwrap()),
    ];
    let router = Router::start_with(&graph, &more).await;
    assert_eq!(router.ask("{ unread }").await.body["data"]["unread"], 3);
    change(&registry, 1, Change::Rollback { to: 1 }, without).await;
    until(async || router.ask("{ unread }").await.codes() == ["FieldsOnCorrectType"]).await;
}

#[tokio::test]
async fn a_stream_that_is_open_stays_open() {
    let graph = Graph::start().await;
    let file = File::new(FIXTURE);
    let router = Router::start_with(&graph, &[file.variable()]).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::of(&router, &token(id(1))).await;
    socket.subscribe("a", NOTED).await;
    let stream = feed.opened("p0").await;
    file.replace(&described("new"));
    is_served(&router, "new").await;
    feed.batch(&stream, &["1"], "p1");
    assert_eq!(socket.event("a").await["data"]["noted"]["id"], "1");
    socket.subscribe("b", NOTED).await;
    feed.more(&stream).await;
    feed.opened("p1").await;
}

/// The engine goes on looking at its file while requests in flight end.
#[tokio::test]
async fn nothing_is_missed_while_the_router_stops() {
    let graph = Graph::start().await;
    let file = File::new(FIXTURE);
    let router = Router::start_with(&graph, &[file.variable()]).await;
    let logs = router.stopped_logs().await;
    assert!(!logs.contains("failed to load supergraph"), "{logs}");
}

fn registry_in(folder: &Path) -> Registry {
    Registry::new(Objects::in_folder(folder).unwrap())
}

async fn publish(registry: &Registry, follows: u64, supergraph: String) {
    let subgraphs = Vec::new();
    change(registry, follows, Change::Publish { subgraphs }, supergraph).await;
}

async fn change(registry: &Registry, follows: u64, change: Change, supergraph: String) {
    let draft = Draft {
        follows,
        author: "test".to_owned(),
        message: String::new(),
        change,
        verdict: Verdict::Passed,
        breaking: 0,
        dangerous: 0,
        safe: 0,
        report: String::new(),
        subgraphs: BTreeMap::new(),
        supergraph,
        api: String::new(),
    };
    registry
        .append(&SystemClock::shared(), draft)
        .await
        .unwrap();
}

#[tokio::test]
async fn what_was_published_last_is_served() {
    let graph = Graph::start().await;
    let folder = tempfile::tempdir().unwrap();
    let registry = registry_in(folder.path());
    publish(&registry, 0, described("first")).await;
    let url = format!("file:{}", folder.path().display());
    let more = [("REGISTRY_URL", url.as_str()), ("SUPERGRAPH_FILE", "")];
    let router = Router::start_with(&graph, &more).await;
    is_served(&router, "first").await;
    publish(&registry, 1, "type Query".to_owned()).await;
    until(async || refusals(&router) == 1).await;
    assert!(router.logs().contains("version 2"), "{}", router.logs());
    publish(&registry, 2, described("third")).await;
    is_served(&router, "third").await;
}

#[tokio::test]
async fn without_the_registry_the_file_is_served_until_it_is_back() {
    let graph = Graph::start().await;
    let folder = tempfile::tempdir().unwrap();
    let registry = registry_in(folder.path());
    let url = format!("file:{}", folder.path().display());
    let file = File::new(&described("file"));
    let more = [("REGISTRY_URL", url.as_str()), file.variable()];
    let router = Router::start_with(&graph, &more).await;
    is_served(&router, "file").await;
    assert!(
        router.logs().contains("SUPERGRAPH_FILE is served for now"),
        "{}",
        router.logs()
    );
    publish(&registry, 0, described("registry")).await;
    is_served(&router, "registry").await;
}

#[tokio::test]
async fn without_anything_to_serve_there_is_no_start() {
    let graph = Graph::start().await;
    let folder = tempfile::tempdir().unwrap();
    let empty = format!("file:{}", folder.path().display());
    for (url, reason) in [
        (empty.as_str(), "nothing was published in the registry yet"),
        (
            "http://registry",
            "it begins neither with file: nor with s3://",
        ),
    ] {
        let more = [("REGISTRY_URL", url), ("SUPERGRAPH_FILE", "")];
        let (code, logs) = logs_of_refused_start(&graph, &more).await;
        assert_eq!(code, Some(2), "{logs}");
        assert!(logs.contains("REGISTRY_URL"), "{logs}");
        assert!(logs.contains(reason), "{logs}");
    }
}
