//! The body of an answer goes through piece by piece, and nobody takes a part of it for the whole.

use std::{io, sync::Arc};

use axum::body::Body;
use futures_util::{StreamExt, stream};
use reqwest::{Method, StatusCode};
use tokio::sync::{Mutex, mpsc, oneshot};

use super::{Pieces, pieces};
use crate::support::{Backend, Router};

/// A service whose one answer a test sends piece by piece.
async fn sending() -> (Pieces, Backend) {
    let (sender, stream) = pieces();
    let stream = Arc::new(Mutex::new(Some(Box::pin(stream))));
    let backend = Backend::start(move |_request| {
        let stream = stream.clone();
        async move { Body::from_stream(stream.lock().await.take().unwrap()) }
    })
    .await;
    (sender, backend)
}

/// Tells when it is dropped.
struct Held(Option<oneshot::Sender<()>>);

impl Drop for Held {
    fn drop(&mut self) {
        // An error means that the test is over.
        let _ = self.0.take().unwrap().send(());
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_ends_the_request() {
    let (dropped, ended) = oneshot::channel();
    let held = Arc::new(std::sync::Mutex::new(Some(Held(Some(dropped)))));
    let (entered, mut entering) = mpsc::unbounded_channel();
    let backend = Backend::start(move |_request| {
        let held = held.lock().unwrap().take();
        entered.send(()).unwrap();
        async move {
            let _held = held;
            std::future::pending::<&str>().await
        }
    })
    .await;
    let router = Router::before(&backend, &[]).await;
    let ask = tokio::spawn(router.request(Method::GET, "/api/users/me").send());
    entering.recv().await.unwrap();
    ask.abort();
    ended.await.unwrap();
}

#[tokio::test]
async fn a_client_that_leaves_within_the_answer_ends_it() {
    let (sender, backend) = sending().await;
    let router = Router::before(&backend, &[]).await;
    sender.send("one").unwrap();
    let mut answer = router
        .request(Method::GET, "/api/users/me")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "one");
    drop(answer);
    sender.closed().await;
}

#[tokio::test]
async fn an_answer_that_breaks_is_never_taken_for_whole() {
    // What an error within an answer makes the server write would just fill it up.
    let filler = "x".repeat(20);
    for answer in [
        format!("content-length: 60\r\n\r\n{filler}"),
        format!("transfer-encoding: chunked\r\n\r\n14\r\n{filler}\r\n"),
        format!("transfer-encoding: chunked\r\n\r\n14\r\n{filler}\r\nnonsense\r\n"),
    ] {
        let backend = Backend::bytes(format!("HTTP/1.1 200 OK\r\n{answer}")).await;
        let router = Router::before(&backend, &[]).await;
        // The same with and without the wish for compression.
        for encoding in ["identity", "gzip, br"] {
            let request = router.request(Method::GET, "/api/users/me");
            let got = request.header("accept-encoding", encoding).send().await;
            let Ok(got) = got else { continue };
            assert_eq!(got.status(), StatusCode::OK);
            let body = got.bytes().await;
            assert!(body.is_err(), "{answer:?}: {body:?}");
        }
        let logs = router.stopped_logs().await;
        assert!(logs.contains("\"service\":\"users\",\"cause\":"), "{logs}");
    }
}

#[tokio::test]
async fn an_answer_that_stops_is_cut() {
    let (sender, backend) = sending().await;
    let env = [
        ("REQUEST_TIMEOUT_SECONDS", "2"),
        ("SUBGRAPH_TIMEOUT_SECONDS", "1"),
    ];
    let router = Router::before(&backend, &env).await;
    sender.send("one").unwrap();
    let mut answer = router
        .request(Method::GET, "/api/users/me")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "one");
    assert!(answer.chunk().await.is_err());
    sender.closed().await;
}

#[tokio::test]
async fn a_stream_of_events_may_be_silent_for_longer() {
    let (events, streamed) = pieces();
    let (ordinary, stopped) = pieces();
    let bodies = [(true, streamed), (false, stopped)];
    let bodies = bodies.map(|(is_stream, body)| (is_stream, Body::from_stream(body)));
    let bodies = Arc::new(std::sync::Mutex::new(Vec::from(bodies)));
    let backend = Backend::start(move |request| {
        let is_stream = request.uri().path().ends_with("/stream");
        let mut bodies = bodies.lock().unwrap();
        let at = bodies.iter().position(|(of, _)| *of == is_stream).unwrap();
        let (_, body) = bodies.remove(at);
        let kind = if is_stream {
            "text/event-stream"
        } else {
            "text/plain"
        };
        async move { ([("content-type", kind)], body) }
    })
    .await;
    let env = [
        ("REQUEST_TIMEOUT_SECONDS", "2"),
        ("SUBGRAPH_TIMEOUT_SECONDS", "1"),
    ];
    let router = Router::before(&backend, &env).await;
    events.send("one").unwrap();
    let get = |path| router.request(Method::GET, path).send();
    let mut stream = get("/api/messages/stream").await.unwrap();
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "one");
    ordinary.send("one").unwrap();
    let mut cut = get("/api/messages/mentions").await.unwrap();
    assert_eq!(cut.chunk().await.unwrap().unwrap(), "one");
    assert!(
        cut.chunk().await.is_err(),
        "an ordinary answer has stopped for too long"
    );
    events.send("two").unwrap();
    assert_eq!(stream.chunk().await.unwrap().unwrap(), "two");
}

#[tokio::test]
async fn a_long_answer_waits_for_a_slow_client() {
    let (tell, mut told) = mpsc::unbounded_channel();
    let backend = Backend::start(move |_request| {
        let tell = tell.clone();
        async move {
            let pieces = stream::iter(0..1_000).map(move |at| {
                tell.send(at).unwrap();
                Ok::<_, io::Error>(vec![b'x'; 100_000])
            });
            Body::from_stream(pieces)
        }
    })
    .await;
    let router = Router::before(&backend, &[]).await;
    let answer = router
        .request(Method::GET, "/api/users/me")
        .send()
        .await
        .unwrap();
    // 100 MB, of which the router and the sockets hold back a few.
    for _ in 0..10 {
        told.recv().await.unwrap();
    }
    assert_eq!(answer.bytes().await.unwrap().len(), 100_000_000);
}
