//! A stop lets answers finish that are being sent.

use std::sync::{Arc, Mutex};

use axum::body::Body;
use futures_util::stream;
use reqwest::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

use super::pieces;
use crate::support::{Backend, Router};

/// More than one worker has, so that all of them have some.
const REQUESTS: usize = 12;

#[tokio::test]
async fn a_stop_lets_streamed_answers_finish() {
    let (started, mut starting) = mpsc::unbounded_channel();
    let backend = Backend::start(move |_request| {
        let (sender, stream) = pieces();
        started.send(sender).unwrap();
        async { Body::from_stream(stream) }
    })
    .await;
    let mut router = Router::before(&backend, &[]).await;
    let (mut senders, mut answers) = (Vec::new(), Vec::new());
    for _ in 0..REQUESTS {
        let request = router.request(Method::GET, "/api/feed");
        let mut answer = request.send().await.unwrap();
        let sender = starting.recv().await.unwrap();
        sender.send("one").unwrap();
        assert_eq!(answer.chunk().await.unwrap().unwrap(), "one");
        senders.push(sender);
        answers.push(answer);
    }
    router.signal("TERM");
    while TcpStream::connect(router.address()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    for (sender, answer) in senders.into_iter().zip(answers) {
        sender.send("two").unwrap();
        drop(sender);
        assert_eq!(answer.text().await.unwrap(), "two");
    }
    assert!(router.ended().await, "{}", router.logs());
}

#[tokio::test]
async fn a_worker_that_ends_takes_nothing_with_it_that_another_is_being_sent() {
    let (sender, stream) = pieces();
    let stream = Arc::new(Mutex::new(Some(Box::pin(stream))));
    let backend = Backend::start(move |request| {
        let stream = match request.uri().path() {
            "/feed" => stream.lock().unwrap().take(),
            _ => None,
        };
        async { stream.map_or_else(Body::empty, Body::from_stream) }
    })
    .await;
    let mut router = Router::before(&backend, &[("ROUTER_WORKERS", "4")]).await;
    // The first worker has a connection to the service, and the last one, in turn, gets the answer.
    let mut clients = Vec::new();
    for _ in 0..15 {
        let mut client = TcpStream::connect(router.address()).await.unwrap();
        client
            .write_all(b"GET /api/posts HTTP/1.1\r\nhost: a\r\n\r\n")
            .await
            .unwrap();
        client.read_exact(&mut [0; 16]).await.unwrap();
        clients.push(client);
    }
    let mut answer = router
        .request(Method::GET, "/api/feed")
        .send()
        .await
        .unwrap();
    sender.send("one").unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "one");
    router.signal("TERM");
    for mut client in clients {
        // An error is an end as well.
        let _ = client.read_to_end(&mut Vec::new()).await;
    }
    sender.send("two").unwrap();
    drop(sender);
    assert_eq!(answer.text().await.unwrap(), "two");
    assert!(router.ended().await, "{}", router.logs());
}

#[tokio::test]
async fn a_stop_does_not_wait_for_an_answer_without_end() {
    let backend = Backend::start(|_request| async {
        let forever = stream::iter([Ok::<_, std::io::Error>("one")]);
        Body::from_stream(futures_util::StreamExt::chain(forever, stream::pending()))
    })
    .await;
    let mut router = Router::before(&backend, &[]).await;
    let mut answer = router
        .request(Method::GET, "/api/feed")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.chunk().await.unwrap().unwrap(), "one");
    router.signal("TERM");
    assert!(
        answer.chunk().await.is_err(),
        "cut off, and not as if it were whole"
    );
    assert!(router.ended().await, "and the end is regular");
}
