//! The body of a request goes through piece by piece, and its end is an end for everybody.

use axum::{body::to_bytes, extract::Request};
use futures_util::StreamExt;
use reqwest::{Method, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

use super::pieces;
use crate::support::{Backend, Router, parsed};

#[tokio::test]
async fn every_piece_goes_through_before_the_next_one_is_there() {
    // Sends back what it gets, as it gets it.
    let backend = Backend::start(|request: Request| async { request.into_body() }).await;
    let router = Router::before(&backend, &[]).await;
    let (sender, stream) = pieces();
    let request = router.request(Method::POST, "/api/posts");
    let sent = request.body(reqwest::Body::wrap_stream(stream)).send();
    sender.send("one").unwrap();
    let mut answer = sent.await.unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "one");
    for piece in ["two", "three"] {
        sender.send(piece).unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), piece);
    }
    drop(sender);
    assert_eq!(answer.chunk().await.unwrap(), None);
    let seen = backend.only();
    assert_eq!(seen.all("transfer-encoding"), ["chunked"]);
    assert_eq!(seen.all("content-length"), Vec::<&str>::new());
}

#[tokio::test]
async fn a_body_of_known_length_arrives_with_it() {
    let backend = Backend::start(|request: Request| async { request.into_body() }).await;
    let router = Router::before(&backend, &[]).await;
    for length in [1, 5_000, 400_000] {
        let body = "x".repeat(length);
        let request = router
            .request(Method::POST, "/api/posts")
            .body(body.clone());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.text().await.unwrap(), body);
        let seen = backend.seen();
        let seen = seen.last().unwrap();
        assert_eq!(seen.all("content-length"), [length.to_string()]);
        assert_eq!(seen.all("transfer-encoding"), Vec::<&str>::new());
    }
}

#[tokio::test]
async fn whoever_expects_to_be_told_to_go_on_is() {
    let backend = Backend::start(|request: Request| async { request.into_body() }).await;
    let router = Router::before(&backend, &[]).await;
    let mut client = TcpStream::connect(router.address()).await.unwrap();
    let head = "POST /api/posts HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n";
    client.write_all(head.as_bytes()).await.unwrap();
    let mut told = [0; 25];
    client.read_exact(&mut told).await.unwrap();
    assert_eq!(&told, b"HTTP/1.1 100 Continue\r\n\r\n");
    client.write_all(b"abc").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200") && answer.ends_with("abc"),
        "{answer}"
    );
}

#[tokio::test]
async fn a_client_that_breaks_off_never_looks_as_if_it_were_done() {
    for head in ["content-length: 99", "transfer-encoding: chunked"] {
        let (tell, mut told) = mpsc::unbounded_channel();
        let backend = Backend::start(move |request: Request| {
            let tell = tell.clone();
            async move {
                let mut body = request.into_body().into_data_stream();
                while let Some(piece) = body.next().await {
                    tell.send(piece.map(|piece| piece.len()).ok()).unwrap();
                }
                tell.send(Some(0)).unwrap();
            }
        })
        .await;
        let router = Router::before(&backend, &[]).await;
        let mut client = TcpStream::connect(router.address()).await.unwrap();
        let request = format!("POST /api/posts HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n4\r\nabcd\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        assert!(told.recv().await.unwrap().is_some());
        drop(client);
        let end = loop {
            match told.recv().await {
                Some(Some(1..)) => {}
                end => break end,
            }
        };
        assert_eq!(end, Some(None), "{head}");
    }
}

#[tokio::test]
async fn a_client_that_stops_sending_is_told_and_the_service_is_not_blamed() {
    let backend = Backend::start(|request: Request| async {
        drop(to_bytes(request.into_body(), usize::MAX).await);
    })
    .await;
    let env = [
        ("REQUEST_TIMEOUT_SECONDS", "2"),
        ("SUBGRAPH_TIMEOUT_SECONDS", "1"),
    ];
    let router = Router::before(&backend, &env).await;
    let (sender, stream) = pieces();
    sender.send("one").unwrap();
    let request = router.request(Method::POST, "/api/posts");
    let answer = router
        .send(request.body(reqwest::Body::wrap_stream(stream)))
        .await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(answer.body["error"]["code"], "BAD_REQUEST");
    assert_eq!(
        answer.body["error"]["message"],
        "The body did not arrive in time."
    );
    let logs = router.stopped_logs().await;
    assert!(!logs.contains("WARN"), "{logs}");
}

#[tokio::test]
async fn an_answer_to_half_a_request_is_an_answer_and_the_other_half_no_request() {
    // Reads nothing of what it is sent.
    let backend = Backend::text("no, thank you").await;
    let router = Router::before(&backend, &[]).await;
    for (method, path, status) in [
        ("POST", "/api/posts", StatusCode::OK),
        ("POST", "/api/typo", StatusCode::NOT_FOUND),
        ("POST", "/docs", StatusCode::METHOD_NOT_ALLOWED),
        ("TRACE", "/api/posts", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let before = backend.seen().len();
        let mut client = TcpStream::connect(router.address()).await.unwrap();
        let head =
            format!("{method} {path} HTTP/1.1\r\nhost: a\r\ncontent-length: 999999\r\n\r\nx");
        client.write_all(head.as_bytes()).await.unwrap();
        let mut answer = vec![0; 12];
        client.read_exact(&mut answer).await.unwrap();
        let hidden = "GET /api/users/hidden HTTP/1.1\r\nhost: a\r\n\r\n";
        for _ in 0..2_000 {
            // An error means that the connection is closed already.
            let _ = client.write_all(hidden.as_bytes()).await;
            tokio::task::yield_now().await;
        }
        // So is a reset.
        let _ = client.read_to_end(&mut answer).await;
        let text = String::from_utf8(answer).unwrap();
        assert_eq!(parsed(text.as_bytes()).status, status, "{path}");
        assert_eq!(text.matches("HTTP/1.1").count(), 1, "{text}");
        let passed_on = backend.seen().split_off(before);
        assert!(
            passed_on.iter().all(|seen| seen.target == "/posts"),
            "{passed_on:?}"
        );
    }
}
