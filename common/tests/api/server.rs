use std::{
    future::ready,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request, StatusCode},
    routing::get,
};
use common::server::with_basics;
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tower::ServiceExt;

async fn ask(app: &Router, method: Method, path: &str) -> (StatusCode, Option<String>, Value) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .body(Body::empty())
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    let trace = response
        .headers()
        .get("x-trace-id")
        .map(|v| v.to_str().unwrap().to_owned());
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (
        status,
        trace,
        serde_json::from_slice(&body).unwrap_or(Value::Null),
    )
}

async fn broken() -> StatusCode {
    panic!("a defect with a secret in it")
}

fn app(is_ready: &Arc<AtomicBool>) -> Router {
    let is_ready = is_ready.clone();
    let routes = Router::new()
        .route("/there", get(|| async { "here" }))
        .route("/panics", get(broken));
    with_basics(routes, move || ready(is_ready.load(Ordering::SeqCst)))
}

#[tokio::test]
async fn what_is_not_there_is_said_in_the_error_envelope() {
    let app = app(&Arc::default());
    let (status, trace, body) = ask(&app, Method::GET, "/nowhere").await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::NOT_FOUND, &"NOT_FOUND".into())
    );
    assert_eq!(
        body["error"]["trace_id"].as_str(),
        trace.as_deref(),
        "header and body name one trace"
    );
    let (status, _, body) = ask(&app, Method::POST, "/there").await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::METHOD_NOT_ALLOWED, &"BAD_REQUEST".into())
    );
}

#[tokio::test]
async fn a_panic_is_an_answer_that_tells_nothing() {
    let (status, _, body) = ask(&app(&Arc::default()), Method::GET, "/panics").await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (StatusCode::INTERNAL_SERVER_ERROR, &"INTERNAL".into())
    );
    assert!(!body.to_string().contains("secret"));
}

#[tokio::test]
async fn healthy_is_being_there_and_ready_is_being_able_to_work() {
    let is_ready = Arc::new(AtomicBool::new(false));
    let app = app(&is_ready);
    assert_eq!(ask(&app, Method::GET, "/health").await.0, StatusCode::OK);
    let (status, _, body) = ask(&app, Method::GET, "/ready").await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (
            StatusCode::SERVICE_UNAVAILABLE,
            &"SERVICE_UNAVAILABLE".into()
        )
    );
    is_ready.store(true, Ordering::SeqCst);
    assert_eq!(ask(&app, Method::GET, "/ready").await.0, StatusCode::OK);
}

/// Sends a body in pieces to a path that does not take it; how many pieces were read of it.
async fn pieces_read(pieces: usize, size: usize, headers: &[(&str, &str)]) -> usize {
    let read = Arc::new(AtomicUsize::new(0));
    let counted = read.clone();
    let body = stream::iter(0..pieces).map(move |_| {
        counted.fetch_add(1, Ordering::SeqCst);
        Ok::<_, std::io::Error>(vec![0; size])
    });
    let mut request = Request::post("/there");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::from_stream(body)).unwrap();
    let response = app(&Arc::default()).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED);
    read.load(Ordering::SeqCst)
}

#[tokio::test]
async fn a_body_that_nobody_wants_is_read_before_the_answer_and_not_without_end() {
    assert_eq!(pieces_read(3, 10, &[]).await, 3);
    let mib = 1024 * 1024;
    assert_eq!(
        pieces_read(100, mib, &[]).await,
        5,
        "4 MiB, and the piece after them"
    );
    let asks_first = [("expect", "100-continue")];
    assert_eq!(
        pieces_read(3, 10, &asks_first).await,
        0,
        "it was not sent yet"
    );
}
