//! A stop lets requests in flight finish, takes no new ones, and ends.

use std::sync::Arc;

use reqwest::StatusCode;
use tokio::{
    net::TcpStream,
    sync::{Semaphore, mpsc},
};

use crate::support::{Graph, Router};

/// Stops a router with requests in flight, as many as two workers can be busy with.
async fn stop(signal: &str) {
    const REQUESTS: usize = 12;
    let graph = Graph::start().await;
    let router = Arc::new(Router::start(&graph).await);
    let gate = Arc::new(Semaphore::new(0));
    let (entered, mut entering) = mpsc::unbounded_channel();
    graph.messaging.before({
        let gate = gate.clone();
        move || {
            entered.send(()).unwrap();
            let gate = gate.clone();
            async move { gate.acquire().await.unwrap().forget() }
        }
    });
    let asks: Vec<_> = (0..REQUESTS)
        .map(|_| {
            let router = router.clone();
            tokio::spawn(async move { router.ask("{ unread }").await })
        })
        .collect();
    for _ in 0..REQUESTS {
        entering.recv().await.unwrap();
    }
    router.signal(signal);
    // Nobody new is let in, while those who are in are still waiting.
    while TcpStream::connect(router.address()).await.is_ok() {
        tokio::task::yield_now().await;
    }
    gate.add_permits(REQUESTS);
    for ask in asks {
        let answer = ask.await.unwrap();
        assert_eq!(
            (answer.status, answer.body["data"]["unread"].as_i64()),
            (StatusCode::OK, Some(3))
        );
    }
    let mut router = Arc::into_inner(router).unwrap();
    assert!(router.ended().await, "{}", router.logs());
}

#[tokio::test]
async fn sigterm_lets_requests_in_flight_finish() {
    stop("TERM").await;
}

#[tokio::test]
async fn sigint_lets_requests_in_flight_finish() {
    stop("INT").await;
}

#[tokio::test]
async fn a_stop_waits_only_so_long() {
    let graph = Graph::start().await;
    let env = [
        ("SUBGRAPH_TIMEOUT_SECONDS", "60"),
        ("REQUEST_TIMEOUT_SECONDS", "61"),
    ];
    let router = Arc::new(Router::start_with(&graph, &env).await);
    let (entered, mut entering) = mpsc::unbounded_channel();
    graph.messaging.before(move || {
        entered.send(()).unwrap();
        async {
            let never = Semaphore::new(0);
            drop(never.acquire().await);
        }
    });
    let ask = tokio::spawn({
        let request = router.post("{ unread }");
        async move { request.send().await }
    });
    entering.recv().await.unwrap();
    router.signal("TERM");
    assert!(ask.await.unwrap().is_err(), "cut off");
    let mut router = Arc::into_inner(router).unwrap();
    assert!(router.ended().await, "and the end is regular");
}
