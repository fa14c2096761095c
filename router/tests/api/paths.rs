//! What is at which path.

use reqwest::{Method, StatusCode};

use crate::support::{Graph, Router};

#[tokio::test]
async fn what_does_not_exist_is_404_in_the_envelope_of_the_rest_api() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let paths = [
        "/",
        "/graphql/",
        "/graphql/sha256:12345",
        "/GRAPHQL",
        "//graphql",
        "/graphql/../metrics",
        "/metrics",
        "/readiness",
        "/callback/x",
        "/api/typo",
        "/api/graphql",
        "/docs/typo.js",
        "/internal/followee-ids",
        "/internal/followee-versions",
        "/playground/typo.js",
        "/internal/nodes",
        "/laboratory",
        "/typo?query={unread}",
    ];
    for path in paths {
        for method in [Method::GET, Method::POST] {
            let request = router
                .request(method.clone(), path)
                .header("accept", "text/html");
            let answer = router.send(request).await;
            assert_eq!(answer.status, StatusCode::NOT_FOUND, "{method} {path}");
            let error = &answer.body["error"];
            assert_eq!(error["code"], "NOT_FOUND", "{method} {path}");
            assert!(error["message"].is_string());
            assert_eq!(
                error["trace_id"].as_str(),
                answer.header("x-trace-id"),
                "{method} {path}"
            );
        }
    }
    assert_eq!(graph.requests(), 0);
}

#[tokio::test]
async fn a_browser_gets_no_page_from_the_engine() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for (accept, status) in [
        ("text/html", StatusCode::NOT_ACCEPTABLE),
        ("text/html,application/xhtml+xml,*/*;q=0.8", StatusCode::OK),
    ] {
        let request = router
            .request(Method::GET, "/graphql?query=%7Bunread%7D")
            .header("accept", accept);
        let answer = router.send(request).await;
        assert_eq!(answer.status, status, "{accept}");
        let content_type = answer.header("content-type").unwrap();
        assert!(content_type.starts_with("application/json"), "{accept}");
    }
}

#[tokio::test]
async fn the_router_is_healthy_whatever_the_subgraphs_are() {
    let mut graph = Graph::start().await;
    let router = Router::start(&graph).await;
    graph.users.stop().await;
    let answer = router.get("/health").await;
    assert_eq!(
        (answer.status, answer.body["status"].as_str()),
        (StatusCode::OK, Some("ok"))
    );
    let answer = router.send(router.request(Method::DELETE, "/health")).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    let answer = router
        .send(
            router
                .request(Method::GET, "/health")
                .bearer_auth("garbage"),
        )
        .await;
    assert_eq!(
        answer.status,
        StatusCode::OK,
        "nobody has to sign in to ask"
    );
}

#[tokio::test]
async fn the_fields_of_federation_are_not_for_clients() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let queries = [
        "{ _service { sdl } }",
        "{ _entities(representations: [{ __typename: \"User\", id: 1 }]) { ... on User { email } } }",
        "query($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
    ];
    for query in queries {
        let answer = router.ask(query).await;
        assert!(
            !answer.codes().is_empty() && answer.body.get("data").is_none(),
            "{query}: {}",
            answer.body
        );
    }
    assert_eq!(graph.requests(), 0);
}
