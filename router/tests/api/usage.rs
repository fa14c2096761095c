//! What clients send is counted.

use common::{Timestamp, objects::Objects};
use registry::usage::{Usage, Use};
use reqwest::{Method, header::ACCEPT};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    live::NOTED,
    support::{Graph, Router, Socket, id, token},
};

async fn counting(graph: &Graph) -> (Router, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("file:{}", folder.path().display());
    let router = Router::start_with(graph, &[("USAGE_URL", &url)]).await;
    (router, folder)
}

/// What a router that stops has counted: client, version, name, document, count.
async fn counted(router: Router, folder: &TempDir) -> Vec<(String, String, String, String, u64)> {
    router.stopped_logs().await;
    let usage = Usage::new(Objects::in_folder(folder.path()).unwrap());
    let uses = usage
        .since(Timestamp::from_micros(0).unwrap())
        .await
        .unwrap();
    let line = |used: Use| {
        let document = used
            .document
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        (
            used.client,
            used.client_version,
            used.name,
            document,
            used.count,
        )
    };
    let mut lines: Vec<_> = uses.into_iter().map(line).collect();
    lines.sort_unstable();
    lines
}

fn line(
    client: &str,
    version: &str,
    name: &str,
    document: &str,
    count: u64,
) -> (String, String, String, String, u64) {
    (
        client.to_owned(),
        version.to_owned(),
        name.to_owned(),
        document.to_owned(),
        count,
    )
}

#[tokio::test]
async fn what_is_valid_counts_for_its_client_without_its_values() {
    let graph = Graph::start().await;
    let (router, folder) = counting(&graph).await;
    let user = "query User { user(id: \"secret\") { username } }";
    for _ in 0..3 {
        let named = router
            .post(user)
            .header("graphql-client-name", "web")
            .header("graphql-client-version", "7");
        assert_eq!(
            router.send(named).await.body["data"]["user"]["username"],
            "user-secret"
        );
    }
    let apollo = router
        .post("{ unread }")
        .header("apollographql-client-name", "ios");
    router.send(apollo).await;
    router.ask("{ unread }").await;
    router.ask("{ nothing }").await;
    router.ask("{ unread").await;
    let two = json!({ "query": "query A { unread } query B { unread }", "operationName": "B" });
    router
        .send(router.request(Method::POST, "/graphql").json(&two))
        .await;
    // Whatever is made up counts for nothing, and other values make no other operation.
    let unnamed = json!({ "query": "{ unread }", "operationName": "nothing".repeat(100) });
    router
        .send(router.request(Method::POST, "/graphql").json(&unnamed))
        .await;
    for id in 0..3 {
        router
            .ask(&format!("{{ user(id: \"{id}\") {{ id }} }}"))
            .await;
    }
    assert_eq!(
        counted(router, &folder).await,
        [
            line("", "", "", "{ unread }", 1),
            line("", "", "", "{ user(id: \"\") { id } }", 3),
            line("", "", "B", "query A { unread } query B { unread }", 1),
            line("ios", "", "", "{ unread }", 1),
            line(
                "web",
                "7",
                "User",
                "query User { user(id: \"\") { username } }",
                3
            ),
        ]
    );
}

/// The events of a subscription, which the router asks itself for, are nobody's operations.
#[tokio::test]
async fn what_comes_by_a_stream_counts_once_and_as_it_was_sent() {
    let graph = Graph::start().await;
    let (router, folder) = counting(&graph).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::connect(&router).await;
    let payload = json!({ "Authorization": format!("Bearer {}", token(id(1))), "graphql-client-name": "web" });
    socket.init(&payload).await;
    assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
    for name in ["a", "b"] {
        socket.subscribe(name, NOTED).await;
        let stream = feed.opened("p0").await;
        feed.batch(&stream, &["1"], "p1");
        assert_eq!(socket.event(name).await["data"]["noted"]["id"], "1");
        feed.more(&stream).await;
        socket.complete(name).await;
        feed.ended(&stream).await;
    }
    socket.subscribe("c", "{ unread }").await;
    socket.event("c").await;
    let sse = router
        .post("{ unread }")
        .header("graphql-client-name", "sse")
        .header(ACCEPT, "text/event-stream");
    assert!(sse.send().await.unwrap().status().is_success());
    let document = "subscription { noted { id text author { username } } }";
    assert_eq!(
        counted(router, &folder).await,
        [
            line("sse", "", "", "{ unread }", 1),
            line("web", "", "", document, 2),
            line("web", "", "", "{ unread }", 1),
        ]
    );
}
