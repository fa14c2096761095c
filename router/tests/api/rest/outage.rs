//! What a client is told when a service does not answer.

use reqwest::{Method, StatusCode};

use crate::support::{Answer, Backend, Router};

fn is_unavailable(answer: &Answer, status: StatusCode) {
    assert_eq!(answer.status, status);
    let error = &answer.body["error"];
    assert_eq!(error["code"], "SERVICE_UNAVAILABLE");
    assert_eq!(error["trace_id"].as_str(), answer.header("x-trace-id"));
    let text = error.to_string();
    for inside in ["127.0.0.1", "http", "users", "tcp", "refused", "hyper"] {
        assert!(!text.contains(inside), "{text}");
    }
}

/// The one warning in the log, which names the service, the cause and the trace.
async fn warned(router: Router, answer: &Answer) {
    let logs = router.stopped_logs().await;
    let warnings: Vec<_> = logs.lines().filter(|line| line.contains("WARN")).collect();
    assert_eq!(warnings.len(), 1, "{logs}");
    let trace_id = answer.header("x-trace-id").unwrap();
    let warning = warnings[0];
    assert!(warning.contains("\"service\":\"users\"") && warning.contains("\"cause\":\""));
    assert_eq!(
        warning.matches(trace_id).count(),
        2,
        "request and trace: {warning}"
    );
    assert!(!logs.contains("secret"), "{logs}");
}

const PATH: &str = "/api/users/me?token=secret";

#[tokio::test]
async fn nobody_there_is_503() {
    let router = Router::before(&Backend::gone(), &[]).await;
    let answer = router.get(PATH).await;
    is_unavailable(&answer, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), Some("1"));
    warned(router, &answer).await;
}

#[tokio::test]
async fn what_is_no_answer_is_502() {
    for nonsense in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-le",
        "SSH-2.0-OpenSSH_9.6\r\n",
        "HTTP/1.1 20x OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
        "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\nx",
        "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
    ] {
        let router = Router::before(&Backend::bytes(nonsense).await, &[]).await;
        let answer = router.get(PATH).await;
        is_unavailable(&answer, StatusCode::BAD_GATEWAY);
        assert_eq!(answer.header("retry-after"), None);
        warned(router, &answer).await;
    }
}

#[tokio::test]
async fn no_answer_in_time_is_504() {
    let backend = Backend::start(|_request| std::future::pending::<&str>()).await;
    let env = [
        ("REQUEST_TIMEOUT_SECONDS", "2"),
        ("SUBGRAPH_TIMEOUT_SECONDS", "1"),
    ];
    let router = Router::before(&backend, &env).await;
    let get = router.request(Method::GET, PATH);
    // Too much for the buffers in between, so that nobody knows yet that it does not arrive.
    let put = router
        .request(Method::PUT, "/api/users/me/avatar")
        .body(vec![0; 3_000_000]);
    let (get, put) = tokio::join!(router.send(get), router.send(put));
    is_unavailable(&get, StatusCode::GATEWAY_TIMEOUT);
    is_unavailable(&put, StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(backend.seen().len(), 2, "nothing is tried twice");
}

#[tokio::test]
async fn a_service_that_says_that_it_cannot_has_the_word() {
    let backend = Backend::start(|_request| async {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            [("retry-after", "17")],
            "{\"error\":{\"code\":\"SERVICE_UNAVAILABLE\"}}",
        )
    })
    .await;
    let router = Router::before(&backend, &[]).await;
    let answer = router.get("/api/feed").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.header("retry-after"), Some("17"));
    assert_eq!(backend.seen().len(), 1);
}
