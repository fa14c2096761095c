//! The limits of a request, at the limit and one past it.

use futures_util::StreamExt;
use reqwest::{Body, Method, StatusCode};
use serde_json::json;

use crate::support::{Answer, Graph, Router};

/// Friends of friends, so many fields deep.
fn deep(levels: usize) -> String {
    let inner = levels - 2;
    format!(
        "{{ user(id: 1) {{ {} id {} }} }}",
        "friends {".repeat(inner),
        "}".repeat(inner)
    )
}

fn aliases(number: usize) -> String {
    let fields: Vec<_> = (0..number).map(|n| format!("a{n}: unread")).collect();
    format!("{{ {} }}", fields.join(" "))
}

fn directives(number: usize) -> String {
    format!("{{ {} }}", "unread @include(if: true) ".repeat(number))
}

/// A field is a token, and so is each brace.
fn tokens(number: usize) -> String {
    format!("{{ {} }}", "unread ".repeat(number - 2))
}

/// Makes an operation of a size.
type Make = fn(usize) -> String;

#[tokio::test]
async fn each_limit_holds_exactly() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[("GRAPHQL_MAX_FIELDS", "3000")]).await;
    let cases: [(Make, usize, usize, &str); 5] = [
        (deep, 15, 1, "MAX_DEPTH_EXCEEDED"),
        (aliases, 50, 1, "MAX_ALIASES_EXCEEDED"),
        (directives, 50, 1, "MAX_DIRECTIVES_EXCEEDED"),
        // One more is refused as well, in other words: the end of the document is a token.
        (tokens, 2_000, 1, "GRAPHQL_PARSE_FAILED"),
        (tokens, 2_000, 2, "TOKEN_LIMIT_EXCEEDED"),
    ];
    for (query, limit, past, code) in cases {
        let answer = router.ask(&query(limit)).await;
        assert!(
            answer.codes().is_empty(),
            "{code} at the limit: {}",
            answer.body
        );
        let before = graph.requests();
        let answer = router.ask(&query(limit + past)).await;
        assert_eq!(answer.codes(), [code]);
        assert!(answer.body.get("data").is_none(), "{code}");
        assert_eq!(answer.status, StatusCode::OK, "{code}: application/json");
        assert_eq!(graph.requests(), before, "{code}");
    }
}

#[tokio::test]
async fn the_status_of_a_refused_document_is_400_for_clients_of_the_specification() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for query in [deep(16), "{ nonsense }".to_owned(), "{ nonsense".to_owned()] {
        let request = router
            .post(&query)
            .header("accept", "application/graphql-response+json");
        let answer = router.send(request).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}");
        assert!(
            answer
                .header("content-type")
                .unwrap()
                .starts_with("application/graphql-response+json")
        );
    }
}

#[tokio::test]
async fn limits_are_configurable() {
    let graph = Graph::start().await;
    let router = Router::start_with(
        &graph,
        &[("GRAPHQL_MAX_DEPTH", "3"), ("GRAPHQL_MAX_FIELDS", "4")],
    )
    .await;
    assert!(router.ask(&deep(3)).await.codes().is_empty());
    assert_eq!(router.ask(&deep(4)).await.codes(), ["MAX_DEPTH_EXCEEDED"]);
    assert!(router.ask(&tokens(6)).await.codes().is_empty());
    assert_eq!(
        router.ask(&tokens(7)).await.codes(),
        ["OPERATION_TOO_LARGE"]
    );
}

#[tokio::test]
async fn fragments_are_not_levels() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let query = "{ user(id: 1) { ...A } } fragment A on User { friends { ...B } } fragment B on User { friends { ...C } } \
                 fragment C on User { friends { ...D } } fragment D on User { friends { ...E } } \
                 fragment E on User { friends { friends { friends { friends { friends { id } } } } } }";
    assert!(router.ask(query).await.codes().is_empty());
}

async fn send_bytes(router: &Router, body: impl Into<Body>) -> Answer {
    let request = router
        .request(Method::POST, "/graphql")
        .header("content-type", "application/json");
    router.send(request.body(body)).await
}

fn body_of(bytes: usize) -> String {
    let body = json!({ "query": "{ unread }", "padding": "" }).to_string();
    let padding = "x".repeat(bytes - body.len());
    json!({ "query": "{ unread }", "padding": padding }).to_string()
}

#[tokio::test]
async fn a_body_may_have_64_kib() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let limit = 64 * 1024;
    assert_eq!(
        send_bytes(&router, body_of(limit)).await.body,
        json!({ "data": { "unread": 3 } })
    );
    for bytes in [limit + 1, 100 * 1024, 1024 * 1024] {
        let answer = send_bytes(&router, body_of(bytes)).await;
        assert_eq!(
            (answer.status, answer.codes()),
            (StatusCode::PAYLOAD_TOO_LARGE, vec!["PAYLOAD_TOO_LARGE"])
        );
    }
}

#[tokio::test]
async fn a_body_of_unannounced_length_may_not_have_more_either() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let chunks =
        futures_util::stream::iter((0..80).map(|_| Ok::<_, std::io::Error>(vec![b' '; 1024])));
    let answer = send_bytes(&router, Body::wrap_stream(chunks)).await;
    assert_eq!(
        (answer.status, answer.codes()),
        (StatusCode::PAYLOAD_TOO_LARGE, vec!["PAYLOAD_TOO_LARGE"])
    );
}

#[tokio::test]
async fn there_are_no_batches() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for body in [
        json!([{ "query": "{ unread }" }]),
        json!([]),
        json!([{ "query": "{ unread }" }, { "query": "{ unread }" }]),
    ] {
        let answer = send_bytes(&router, body.to_string()).await;
        assert_eq!(
            (answer.status, answer.codes()),
            (StatusCode::BAD_REQUEST, vec!["BAD_REQUEST"])
        );
    }
    assert_eq!(graph.requests(), 0);
}

#[tokio::test]
async fn what_is_no_request_is_a_bad_request() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for body in [
        "",
        "{",
        "null",
        "\"{ unread }\"",
        "{}",
        r#"{"query":1}"#,
        r#"{"query":"{unread}","variables":[]}"#,
    ] {
        let answer = send_bytes(&router, body).await;
        assert_eq!(
            (answer.status, answer.codes()),
            (StatusCode::BAD_REQUEST, vec!["BAD_REQUEST"]),
            "{body}"
        );
    }
    let compressed = router.post("{ unread }").header("content-encoding", "gzip");
    assert_eq!(router.send(compressed).await.codes(), ["BAD_REQUEST"]);
}

#[tokio::test]
async fn headers_are_bounded() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let answer = router
        .send(
            router
                .post("{ unread }")
                .header("x-large", "x".repeat(20_000)),
        )
        .await;
    assert_eq!(answer.status, StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
    assert_eq!(answer.codes(), ["REQUEST_HEADER_FIELDS_TOO_LARGE"]);
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let graph = Graph::start().await;
    let env = [
        ("SUBGRAPH_TIMEOUT_SECONDS", "1"),
        ("REQUEST_TIMEOUT_SECONDS", "2"),
    ];
    let router = Router::start_with(&graph, &env).await;
    let slow = futures_util::stream::once(async { Ok::<_, std::io::Error>("{") })
        .chain(futures_util::stream::pending());
    let answer = send_bytes(&router, Body::wrap_stream(slow)).await;
    assert_eq!(
        (answer.status, answer.codes()),
        (StatusCode::GATEWAY_TIMEOUT, vec!["SERVICE_UNAVAILABLE"])
    );
}
