//! What a request has to look like: no web page can make a browser send one without asking us first.

use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{Graph, Router};

const RENAME: &str = "/graphql?query=mutation%7Brename(name:%22x%22)%7Bid%7D%7D";
const UNREAD: &str = "/graphql?query=%7Bunread%7D";

#[tokio::test]
async fn simple_requests_do_nothing() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let body = json!({ "query": "mutation { rename(name: \"x\") { id } }" }).to_string();
    let types = [
        Some("text/plain"),
        Some("text/plain; charset=utf-8"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some("text/plain, application/json"),
        None,
    ];
    for content_type in types {
        let mut request = router.request(Method::POST, "/graphql").body(body.clone());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = router.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{content_type:?}");
        assert_eq!(answer.codes(), ["BAD_REQUEST"], "{content_type:?}");
    }
    assert_eq!(graph.requests(), 0);
}

#[tokio::test]
async fn get_is_for_queries() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    assert_eq!(
        router.get(UNREAD).await.body,
        json!({ "data": { "unread": 3 } })
    );
    let answer = router.get(RENAME).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.codes(), ["MUTATION_NOT_ALLOWED_OVER_HTTP_GET"]);
    assert!(graph.users.seen().is_empty());
    assert_eq!(
        router.get("/graphql").await.codes(),
        ["BAD_REQUEST"],
        "no query"
    );
}

#[tokio::test]
async fn get_from_another_site_needs_a_preflight() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let from_elsewhere = || {
        router
            .request(Method::GET, UNREAD)
            .header("sec-fetch-site", "cross-site")
    };
    let answer = router.send(from_elsewhere()).await;
    assert_eq!(
        (answer.status, answer.codes()),
        (StatusCode::FORBIDDEN, vec!["FORBIDDEN"])
    );
    let answer = router
        .send(from_elsewhere().header("graphql-require-preflight", "1"))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[tokio::test]
async fn other_methods_are_told_which_there_are() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for method in [
        Method::PUT,
        Method::PATCH,
        Method::DELETE,
        Method::OPTIONS,
        Method::HEAD,
    ] {
        let answer = router
            .send(router.request(method.clone(), "/graphql"))
            .await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(answer.header("allow"), Some("GET, POST"), "{method}");
    }
    assert_eq!(graph.requests(), 0);
}

#[tokio::test]
async fn a_subscription_by_plain_post_is_refused() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let answer = router.ask("subscription { noted { id } }").await;
    assert!(answer.status.is_client_error(), "{}", answer.status);
    assert_eq!(answer.codes(), ["SUBSCRIPTIONS_NOT_SUPPORTED"]);
    let message = answer.body["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("accept text/event-stream"), "{message}");
    assert_eq!(graph.requests(), 0);
}

#[tokio::test]
async fn a_mutation_by_post_is_carried_out() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let token = crate::support::token(crate::support::id(1));
    let answer = router
        .ask_as(&token, "mutation { rename(name: \"x\") { id } }")
        .await;
    assert_eq!(
        answer.body["data"]["rename"]["id"],
        crate::support::id(1).to_string()
    );
    assert_eq!(
        answer.header("cache-control"),
        Some("no-store"),
        "answers may hold tokens"
    );
}
