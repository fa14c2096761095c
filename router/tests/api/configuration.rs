//! Configuration comes from our variables and from nowhere else, and is wrong at once or never.

use std::process::Stdio;

use reqwest::StatusCode;
use serde_json::json;
use tokio::{net::TcpListener, process::Command};

use crate::support::{Graph, Router, logs_of_refused_start};

/// What the engine's own loaders would take from the environment.
const STRAY: &[(&str, &str)] = &[
    ("PORT", "nonsense"),
    ("HOST", "nonsense"),
    ("LOG_LEVEL", "nonsense"),
    ("LOG_FILTER", "nonsense=["),
    ("LOG_INTERNALS", "nonsense"),
    ("SUPERGRAPH_FILE_PATH", "/nonsense"),
    ("ROUTER_CONFIG_FILE_PATH", "/nonsense"),
    ("ROUTER_HTTP_WORKERS", "0"),
    ("ROUTER_HTTP_KEEP_ALIVE", "nonsense"),
    ("ROUTER_HTTP_SHUTDOWN_TIMEOUT", "nonsense"),
    ("HIVE_CDN_ENDPOINT", "http://nonsense.invalid"),
    ("HIVE_ACCESS_TOKEN", "nonsense"),
    ("HIVE_TRACING_ENABLED", "true"),
    ("HIVE_USAGE_REPORTING_ENABLED", "true"),
    ("APOLLO_KEY", "nonsense"),
    ("LABORATORY_ENABLED", "true"),
    ("WEBSOCKET_ENABLED", "true"),
    ("SUBSCRIPTIONS_ENABLED", "true"),
    ("DISABLE_SUBGRAPH_ERROR_MASKING", "true"),
];

#[tokio::test]
async fn the_engines_own_variables_change_nothing() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, STRAY).await;
    assert_eq!(
        router.ask("{ unread }").await.body,
        json!({ "data": { "unread": 3 } })
    );
    assert_eq!(
        router.ask("subscription { noted { id } }").await.codes(),
        ["SUBSCRIPTIONS_NOT_SUPPORTED"]
    );
    assert_eq!(router.ask("{ fails }").await.codes(), ["INTERNAL"]);
    let page = router
        .request(reqwest::Method::GET, "/graphql")
        .header("accept", "text/html");
    assert_eq!(router.send(page).await.status, StatusCode::NOT_ACCEPTABLE);
}

#[tokio::test]
async fn what_is_missing_or_malformed_is_named_in_one_line() {
    let graph = Graph::start().await;
    let cases = [
        ("JWT_PUBLIC_KEY", ""),
        ("JWT_PUBLIC_KEY", "nonsense"),
        ("LISTEN_ADDR", "nonsense"),
        ("USERS_URL", "nonsense"),
        ("ALLOWED_ORIGINS", "*"),
        ("SUPERGRAPH_FILE", "/nonsense"),
        ("SUPERGRAPH_FILE", "/dev/null"),
        ("GRAPHQL_MAX_DEPTH", "0"),
        ("GRAPHQL_INTROSPECTION", "maybe"),
        ("ROUTER_WORKERS", "0"),
        ("TRUSTED_PROXIES", "localhost"),
        ("RATE_LIMIT_ANONYMOUS", "-1"),
        ("RATE_LIMIT_USER", "many"),
        ("RATE_LIMIT_STORE_URL", "rediss://:hunter2@127.0.0.1"),
        ("RATE_LIMIT_STORE_URL", "memcached://:hunter2@127.0.0.1"),
        ("RATE_LIMIT_STORE_URL", "redis://:hunter2@127.0.0.1/x"),
        ("RUST_LOG", "router=["),
        ("LOG_FORMAT", "xml"),
    ];
    for (name, value) in cases {
        let (code, logs) = logs_of_refused_start(&graph, &[(name, value)]).await;
        assert_eq!(code, Some(2), "{name}={value}: {logs}");
        assert!(
            logs.starts_with(&format!("router: {name} is not ")) && logs.contains("expected"),
            "{logs}"
        );
        assert_eq!(logs.lines().count(), 1, "{logs}");
        assert!(!logs.contains("hunter2"), "{logs}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named() {
    let graph = Graph::start().await;
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, logs) = logs_of_refused_start(&graph, &[("LISTEN_ADDR", &address)]).await;
    assert_eq!(code, Some(1));
    assert!(
        logs.contains(&address) && logs.contains("LISTEN_ADDR"),
        "{logs}"
    );
    assert_eq!(logs.lines().count(), 1, "{logs}");
}

async fn health_check(address: &str) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_router"))
        .arg("--health-check")
        .env_clear()
        .env("LISTEN_ADDR", address)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    (
        output.status.code(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

#[tokio::test]
async fn a_container_can_ask_whether_the_router_is_ready() {
    let mut graph = Graph::start().await;
    let ready = Router::start(&graph).await;
    assert_eq!(
        health_check(ready.address()).await,
        (Some(0), String::new())
    );
    graph.posts.stop().await;
    let unready = Router::start(&graph).await;
    assert_eq!(health_check(unready.address()).await.0, Some(1));
}
