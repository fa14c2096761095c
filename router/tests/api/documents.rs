//! Ids instead of documents.

use std::fs;

use reqwest::{Method, StatusCode, header::ACCEPT};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Answer, Graph, Router, Socket, id, logs_of_refused_start, token};

const UNREAD: &str = "query Unread { unread }";
const NOTED: &str = "subscription Noted { noted { id } }";

/// The operations of one client: some in a folder, whose ids are their hashes, and some in the manifest that its tool wrote.
struct Recorded(TempDir);

impl Recorded {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("web")).unwrap();
        fs::write(
            folder.path().join("web/Unread.graphql"),
            format!("{UNREAD}\n"),
        )
        .unwrap();
        let manifest = json!({ "noted": NOTED, "user": "query User($id: ID!) { user(id: $id) { username } }" });
        fs::write(folder.path().join("web.json"), manifest.to_string()).unwrap();
        Self(folder)
    }

    async fn router(&self, graph: &Graph, mode: &str) -> Router {
        let folder = self.0.path().to_str().unwrap();
        let variables = [("OPERATIONS_DIR", folder), ("PERSISTED_DOCUMENTS", mode)];
        Router::start_with(graph, &variables).await
    }
}

async fn send(router: &Router, body: &Value) -> Answer {
    router
        .send(router.request(Method::POST, "/graphql").json(body))
        .await
}

fn unread() -> String {
    registry::operations::id(UNREAD)
}

#[tokio::test]
async fn an_id_stands_for_its_document() {
    let graph = Graph::start().await;
    for mode in ["accept", "require"] {
        let router = Recorded::new().router(&graph, mode).await;
        let answer = send(&router, &json!({ "documentId": unread() })).await;
        assert_eq!(answer.body, json!({ "data": { "unread": 3 } }), "{mode}");
        let variables = json!({ "documentId": "user", "variables": { "id": "ada" } });
        let answer = send(&router, &variables).await;
        assert_eq!(
            answer.body["data"]["user"]["username"], "user-ada",
            "{mode}"
        );
        let apollo =
            json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": unread() } } });
        assert_eq!(
            send(&router, &apollo).await.body["data"]["unread"],
            3,
            "{mode}"
        );
        let by_get = format!("/graphql?documentId={}", unread());
        assert_eq!(
            router.get(&by_get).await.body["data"]["unread"],
            3,
            "{mode}"
        );
        let unknown = send(&router, &json!({ "documentId": "nothing" })).await;
        assert_eq!(unknown.codes(), ["PERSISTED_DOCUMENT_NOT_FOUND"], "{mode}");
    }
}

#[tokio::test]
async fn where_ids_are_required_nothing_else_is_run() {
    let graph = Graph::start().await;
    let router = Recorded::new().router(&graph, "require").await;
    let inside = router.post(UNREAD).header("x-rookery-loopback", "yes");
    let streaming = router.post(UNREAD).header(ACCEPT, "text/event-stream");
    for request in [router.post(UNREAD), router.post("{ unread }"), inside] {
        let answer = router.send(request).await;
        assert_eq!(answer.codes(), ["PERSISTED_DOCUMENT_ID_REQUIRED"]);
    }
    let refused = router.send(streaming).await;
    assert_eq!(refused.codes(), ["PERSISTED_DOCUMENT_ID_REQUIRED"]);
    let introspection = router.ask("{ __schema { queryType { name } } }").await;
    assert_eq!(introspection.codes(), ["PERSISTED_DOCUMENT_ID_REQUIRED"]);
    // The document beside an id is not looked at, by whatever way it comes.
    let both = json!({ "query": "{ users { email } }", "documentId": unread() });
    assert_eq!(
        send(&router, &both).await.body,
        json!({ "data": { "unread": 3 } })
    );
    let both = router
        .request(Method::POST, "/graphql")
        .json(&both)
        .header(ACCEPT, "text/event-stream");
    let answer = both.send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(
        answer
            .text()
            .await
            .unwrap()
            .contains(r#"data: {"data":{"unread":3}}"#)
    );
}

#[tokio::test]
async fn where_ids_are_accepted_documents_are_as_well() {
    let graph = Graph::start().await;
    let router = Recorded::new().router(&graph, "accept").await;
    assert_eq!(router.ask("{ unread }").await.body["data"]["unread"], 3);
    // The document goes before the id.
    let both = json!({ "query": "{ unread more: unread }", "documentId": unread() });
    assert_eq!(send(&router, &both).await.body["data"]["more"], 3);
}

#[tokio::test]
async fn ids_mean_nothing_unless_they_are_switched_on() {
    let graph = Graph::start().await;
    let router = Recorded::new().router(&graph, "off").await;
    let answer = send(&router, &json!({ "documentId": unread() })).await;
    assert_eq!(answer.codes(), ["BAD_REQUEST"]);
}

#[tokio::test]
async fn a_websocket_takes_ids_and_where_they_are_required_nothing_else() {
    let graph = Graph::start().await;
    let router = Recorded::new().router(&graph, "require").await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::of(&router, &token(id(1))).await;
    socket
        .subscribe_with("a", &json!({ "documentId": "noted" }))
        .await;
    let stream = feed.opened("p0").await;
    feed.batch(&stream, &["1"], "p1");
    assert_eq!(
        socket.event("a").await,
        json!({ "data": { "noted": { "id": "1" } } })
    );
    feed.more(&stream).await;
    socket
        .subscribe_with("b", &json!({ "documentId": unread() }))
        .await;
    assert_eq!(socket.event("b").await, json!({ "data": { "unread": 3 } }));
    assert_eq!(
        socket.next().await,
        json!({ "type": "complete", "id": "b" })
    );
    for (name, payload) in [
        ("c", json!({ "query": NOTED })),
        ("d", json!({ "query": "{ unread }" })),
    ] {
        socket.subscribe_with(name, &payload).await;
        let refused = socket.next().await;
        assert_eq!(refused["type"], "error", "{refused}");
        let code = &refused["payload"][0]["extensions"]["code"];
        assert_eq!(code, "PERSISTED_DOCUMENT_ID_REQUIRED", "{refused}");
    }
}

#[tokio::test]
async fn a_stream_over_http_takes_an_id() {
    let graph = Graph::start().await;
    let router = Recorded::new().router(&graph, "require").await;
    let feed = graph.messaging.feed();
    let ask = router
        .request(Method::GET, "/graphql?documentId=noted")
        .bearer_auth(token(id(1)))
        .header(ACCEPT, "text/event-stream");
    let (answer, stream) = tokio::join!(ask.send(), feed.opened("p0"));
    feed.batch(&stream, &["1"], "p1");
    feed.close(&stream, "FORBIDDEN", "Enough.");
    let text = answer.unwrap().text().await.unwrap();
    assert!(text.contains(r#"{"data":{"noted":{"id":"1"}}}"#), "{text}");
}

#[tokio::test]
async fn what_is_wrong_with_the_folder_is_said_at_the_start() {
    let graph = Graph::start().await;
    let recorded = Recorded::new();
    let folder = recorded.0.path().to_str().unwrap();
    let cases: [(&[(&str, &str)], &str); 3] = [
        (
            &[("PERSISTED_DOCUMENTS", "require")],
            "OPERATIONS_DIR is not set",
        ),
        (
            &[("PERSISTED_DOCUMENTS", "yes")],
            "PERSISTED_DOCUMENTS is not usable",
        ),
        (&[("OPERATIONS_DIR", folder)], "Broken.graphql"),
    ];
    let broken = recorded.0.path().join("web/Broken.graphql");
    fs::write(broken, "query {").unwrap();
    for (more, reason) in cases {
        let (code, logs) = logs_of_refused_start(&graph, more).await;
        assert_eq!(code, Some(2), "{logs}");
        assert!(logs.contains(reason), "{logs}");
    }
}
