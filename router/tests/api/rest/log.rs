//! What is written down of a request.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::{Backend, Router};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

#[tokio::test]
async fn a_request_is_one_line_with_its_trace_and_without_its_secrets() {
    let backend = Backend::start(|_request| async { (StatusCode::CREATED, "made") }).await;
    let router = Router::before(&backend, &[]).await;
    let request = router
        .request(Method::POST, "/api/v1/posts?secret=1")
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .header("x-request-id", "order-4711")
        .header("cookie", "secret=2")
        .bearer_auth("secret")
        .body("secret");
    request.send().await.unwrap().text().await.unwrap();
    let logs = router.stopped_logs().await;
    assert!(!logs.contains("secret"), "{logs}");
    let lines: Vec<_> = logs.lines().filter(|line| line.contains(TRACE)).collect();
    assert_eq!(lines.len(), 1, "{logs}");
    let line: Value = serde_json::from_str(lines[0]).unwrap();
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["method"], "POST");
    assert_eq!(line["path"], "/api/v1/posts");
    assert_eq!(line["service"], "posts");
    assert_eq!(line["status"], 201);
    assert_eq!(line["trace_id"], TRACE);
    assert_eq!(line["request_id"], "order-4711");
    assert!(line["micros"].is_u64(), "{line}");
}

#[tokio::test]
async fn so_is_one_that_is_refused() {
    let router = Router::before(&Backend::gone(), &[]).await;
    let request = router
        .request(Method::POST, "/api/posts")
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .body(vec![0; 2_000_000]);
    router.send(request).await;
    let logs = router.stopped_logs().await;
    let lines: Vec<_> = logs.lines().filter(|line| line.contains(TRACE)).collect();
    assert_eq!(lines.len(), 1, "{logs}");
    assert!(lines[0].contains("\"status\":413"), "{}", lines[0]);
    assert_eq!(lines[0].matches("trace_id").count(), 1, "{}", lines[0]);
}
