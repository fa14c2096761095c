//! One trace from the client to the last subgraph.

use std::sync::{Arc, Mutex};

use axum::{body::Bytes, routing::post};
use tokio::{net::TcpListener, sync::mpsc};

use crate::support::{Graph, Router};

const QUERY: &str = "{ posts { author { username } } }";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test]
async fn the_callers_trace_and_request_id_reach_every_subgraph() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let request = router
        .post(QUERY)
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .header("x-request-id", "order-4711");
    let answer = router.send(request).await;
    assert_eq!(answer.header("x-trace-id"), Some(TRACE));
    for service in [&graph.posts, &graph.users] {
        let seen = service.seen();
        assert!(seen[0].header("traceparent").unwrap().contains(TRACE));
        assert_eq!(seen[0].header("x-request-id"), Some("order-4711"));
    }
}

#[tokio::test]
async fn a_request_without_a_trace_starts_one() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let answer = router.ask(QUERY).await;
    let trace_id = answer.header("x-trace-id").unwrap();
    for service in [&graph.posts, &graph.users] {
        let seen = service.seen();
        assert!(seen[0].header("traceparent").unwrap().contains(trace_id));
        assert_eq!(seen[0].header("x-request-id"), Some(trace_id));
    }
    let other = router.ask(QUERY).await;
    assert_ne!(other.header("x-trace-id"), Some(trace_id));
}

#[tokio::test]
async fn a_request_is_one_line_of_log_with_its_trace() {
    let graph = Graph::start().await;
    let mut router = Router::start(&graph).await;
    let request = router
        .post(QUERY)
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"));
    router.send(request).await;
    router.signal("TERM");
    assert!(router.ended().await);
    let logs = router.finished_logs().await;
    let lines: Vec<_> = logs.lines().filter(|line| line.contains(TRACE)).collect();
    assert_eq!(lines.len(), 1, "{logs}");
    assert!(
        lines[0].contains("\"status_code\":200") && lines[0].contains("\"subgraph_requests\":2"),
        "{}",
        lines[0]
    );
}

#[tokio::test]
async fn a_filter_can_be_quieter_than_the_default() {
    let graph = Graph::start().await;
    let env = [("RUST_LOG", "warn,router::run=info")];
    let mut router = Router::start_with(&graph, &env).await;
    router.ask(QUERY).await;
    router.signal("TERM");
    assert!(router.ended().await);
    assert!(!router.finished_logs().await.contains("status_code"));
}

#[tokio::test]
async fn logs_can_be_for_people() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[("LOG_FORMAT", "pretty")]).await;
    let logs = router.logs();
    assert!(logs.contains(" INFO ") && !logs.contains('{'), "{logs}");
}

#[tokio::test]
async fn traces_are_exported_when_there_is_where_to() {
    let (sender, mut exported) = mpsc::unbounded_channel();
    let sender = Arc::new(Mutex::new(sender));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let collector = axum::Router::new().route(
        "/v1/traces",
        post(move |body: Bytes| async move { sender.lock().unwrap().send(body).unwrap() }),
    );
    tokio::spawn(async move { axum::serve(listener, collector).await.unwrap() });

    let graph = Graph::start().await;
    let mut router =
        Router::start_with(&graph, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]).await;
    let request = router
        .post(QUERY)
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"));
    router.send(request).await;
    let seen = graph.users.seen();
    let traceparent = seen[0].header("traceparent").unwrap().to_owned();
    assert!(
        traceparent.contains(TRACE) && !traceparent.contains("b7ad6b7169203331"),
        "the span of the engine: {traceparent}"
    );
    router.signal("TERM");
    assert!(router.ended().await);
    let batch = exported.recv().await.unwrap();
    let trace_id: Vec<u8> = (0..16)
        .map(|at| u8::from_str_radix(&TRACE[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    assert!(
        batch.windows(16).any(|window| window == trace_id),
        "the spans are of the caller's trace"
    );
}
