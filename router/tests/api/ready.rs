//! Ready is a router whose subgraphs answer.

use reqwest::StatusCode;

use crate::support::{Graph, Router};

#[tokio::test]
async fn ready_is_a_router_whose_subgraphs_are() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let answer = router.get("/ready").await;
    assert_eq!(
        (answer.status, answer.body["status"].as_str()),
        (StatusCode::OK, Some("ready"))
    );
}

async fn is_not_ready(graph: &Graph) {
    let router = Router::start(graph).await;
    let answer = router.get("/ready").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.body["error"]["code"], "SERVICE_UNAVAILABLE");
    assert_eq!(answer.header("retry-after"), Some("1"));
    let text = answer.body.to_string();
    for inside in ["users", "posts", "messaging", "127.0.0.1", "refused"] {
        assert!(!text.contains(inside), "{text}");
    }
}

#[tokio::test]
async fn a_subgraph_that_is_down_makes_the_router_unready_and_is_not_named() {
    let mut graph = Graph::start().await;
    graph.messaging.stop().await;
    is_not_ready(&graph).await;
}

#[tokio::test]
async fn a_subgraph_that_is_not_ready_makes_the_router_unready_and_is_not_named() {
    let graph = Graph::start().await;
    graph.posts.become_unready();
    is_not_ready(&graph).await;
}
