//! How much a request may bring.

use std::sync::{Arc, Mutex};

use axum::{body::to_bytes, extract::Request};
use futures_util::stream;
use reqwest::{Body, Method, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{Answer, Backend, Router, parsed};

const MIB: usize = 1024 * 1024;

/// Says how much it got.
async fn counting() -> Backend {
    Backend::start(|request: Request| async {
        let body = to_bytes(request.into_body(), usize::MAX).await;
        body.map_or("0".to_owned(), |body| body.len().to_string())
    })
    .await
}

/// A body without a length, of pieces of 64 KiB.
fn chunked(length: usize) -> Body {
    const PIECE: usize = 64 * 1024;
    let lengths = (0..length.div_ceil(PIECE)).map(move |at| PIECE.min(length - at * PIECE));
    let pieces = lengths.map(|length| Ok::<_, std::io::Error>(vec![b'x'; length]));
    Body::wrap_stream(stream::iter(pieces.collect::<Vec<_>>()))
}

fn is_too_large(answer: &Answer, limit: usize) {
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    let error = &answer.body["error"];
    assert_eq!(error["code"], "PAYLOAD_TOO_LARGE");
    let message = format!("The body may have {limit} bytes at most.");
    assert_eq!(error["message"], message);
    assert_eq!(error["trace_id"].as_str(), answer.header("x-trace-id"));
}

const LIMITS: [(Method, &str, usize); 5] = [
    (Method::POST, "/api/posts", MIB),
    (Method::PUT, "/api/users/me/avatar", 3 * MIB),
    (Method::PUT, "/api/v1/users/me/avatar", 3 * MIB),
    (Method::POST, "/api/users/me/avatar", MIB),
    (Method::PUT, "/api/users/me/avatars", MIB),
];

#[tokio::test]
async fn what_is_at_the_limit_passes() {
    let backend = counting().await;
    let router = Router::before(&backend, &[]).await;
    for (method, path, limit) in LIMITS {
        for body in [Body::from(vec![b'x'; limit]), chunked(limit)] {
            let request = router.request(method.clone(), path).body(body);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.text().await.unwrap(), limit.to_string(), "{path}");
        }
    }
}

#[tokio::test]
async fn an_announced_body_beyond_the_limit_is_refused_at_once() {
    let backend = counting().await;
    let router = Router::before(&backend, &[]).await;
    for (method, path, limit) in LIMITS {
        let request = router.request(method, path).body(vec![b'x'; limit + 1]);
        is_too_large(&router.send(request).await, limit);
    }
    assert_eq!(backend.seen().len(), 0, "nobody else is bothered");
    // At once: not a byte of it has to be there.
    let mut client = TcpStream::connect(router.address()).await.unwrap();
    let head = "POST /api/posts HTTP/1.1\r\nhost: a\r\ncontent-length: 99999999999\r\nconnection: close\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    client.read_to_end(&mut answer).await.unwrap();
    assert_eq!(parsed(&answer).status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_body_without_a_length_is_counted_on_its_way() {
    let got = Arc::new(Mutex::new(Vec::new()));
    let backend = Backend::start({
        let got = got.clone();
        move |request: Request| {
            let got = got.clone();
            async move {
                let whole = to_bytes(request.into_body(), usize::MAX).await.is_ok();
                got.lock().unwrap().push(whole);
            }
        }
    })
    .await;
    let router = Router::before(&backend, &[]).await;
    for (method, path, limit) in LIMITS {
        for length in [limit + 1, limit + 2 * MIB] {
            let request = router.request(method.clone(), path).body(chunked(length));
            is_too_large(&router.send(request).await, limit);
        }
    }
    assert!(
        !got.lock().unwrap().contains(&true),
        "never as if it were whole"
    );
    let logs = router.stopped_logs().await;
    assert!(!logs.contains("WARN"), "{logs}");
}

#[tokio::test]
async fn a_client_that_sends_everything_before_it_reads_still_gets_to_the_answer() {
    let backend = counting().await;
    let router = Router::before(&backend, &[]).await;
    for (method, path, status) in [
        ("POST", "/api/posts", StatusCode::PAYLOAD_TOO_LARGE),
        ("POST", "/api/typo", StatusCode::NOT_FOUND),
        ("POST", "/docs", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let mut client = TcpStream::connect(router.address()).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            6 * MIB
        );
        client.write_all(head.as_bytes()).await.unwrap();
        client.write_all(&vec![b'x'; 6 * MIB]).await.unwrap();
        let mut answer = Vec::new();
        client.read_to_end(&mut answer).await.unwrap();
        assert_eq!(parsed(&answer).status, status, "{path}");
    }
}
