//! A subgraph that does not answer costs its own fields, and nothing else.

use reqwest::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::support::{Answer, Graph, Router};

const QUERY: &str = "{ posts { text author { id username } } user(id: 1) { username } unread }";

/// The answer to `QUERY` while users is down: the fields it fills are null, everything else is there.
fn without_users(answer: &Answer) {
    assert_eq!(answer.status, StatusCode::OK);
    let post =
        |author: &str| json!({ "text": "hello", "author": { "id": author, "username": null } });
    let expected =
        json!({ "posts": [post("ada"), post("grace"), post("ada")], "user": null, "unread": 3 });
    assert_eq!(answer.body["data"], expected);
    assert!(!answer.codes().is_empty());
    for error in answer.body["errors"].as_array().unwrap() {
        assert_eq!(error["extensions"]["code"], "SERVICE_UNAVAILABLE");
        assert_eq!(
            error["extensions"]["traceId"].as_str(),
            answer.header("x-trace-id")
        );
    }
    let errors = answer.body["errors"].to_string();
    for inside in [
        "127.0.0.1",
        "http",
        "users",
        "tcp",
        "refused",
        "SUBREQUEST",
        "subgraph",
        "Subgraph",
    ] {
        assert!(!errors.contains(inside), "{errors}");
    }
}

#[tokio::test]
async fn a_subgraph_that_is_down_nulls_its_fields_and_is_back_with_its_restart() {
    let mut graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let before = router.ask(QUERY).await;
    assert_eq!(before.codes(), Vec::<&str>::new());
    graph.users.stop().await;
    without_users(&router.ask(QUERY).await);
    without_users(&router.ask(QUERY).await);
    graph.users.restart().await;
    let after = router.ask(QUERY).await;
    assert_eq!(after.body, before.body);
}

#[tokio::test]
async fn a_subgraph_that_was_down_at_the_start_is_there_when_it_is() {
    let mut graph = Graph::start().await;
    graph.users.stop().await;
    let router = Router::start(&graph).await;
    without_users(&router.ask(QUERY).await);
    graph.users.restart().await;
    assert_eq!(router.ask(QUERY).await.codes(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_subgraph_that_hangs_is_given_up() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[("SUBGRAPH_TIMEOUT_SECONDS", "1")]).await;
    graph.users.before(|| async {
        let never = Semaphore::new(0);
        drop(never.acquire().await);
    });
    without_users(&router.ask(QUERY).await);
}

#[tokio::test]
async fn what_is_no_graphql_answer_is_no_answer() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let answers = [
        (
            StatusCode::BAD_GATEWAY,
            "text/html",
            "<h1>502 Bad Gateway</h1>",
        ),
        (StatusCode::OK, "text/html", "<h1>It works</h1>"),
        (StatusCode::OK, "application/json", "not json"),
        (StatusCode::OK, "application/json", ""),
        (StatusCode::OK, "application/json", "{}"),
        (
            StatusCode::INTERNAL_SERVER_ERROR,
            "application/json",
            r#"{"error":{"code":"INTERNAL","message":"panic in users.rs"}}"#,
        ),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "application/json",
            r#"{"error":{"code":"SERVICE_UNAVAILABLE","message":"pool of users"}}"#,
        ),
    ];
    for (status, content_type, body) in answers {
        graph.users.answer_instead(status, content_type, body);
        without_users(&router.ask(QUERY).await);
    }
}

#[tokio::test]
async fn a_mutation_whose_subgraph_is_down_says_so() {
    let mut graph = Graph::start().await;
    let router = Router::start(&graph).await;
    graph.users.stop().await;
    let answer = router.ask("mutation { rename(name: \"x\") { id } }").await;
    assert_eq!(answer.body["data"]["rename"], Value::Null);
    assert_eq!(answer.codes(), ["SERVICE_UNAVAILABLE"]);
}
