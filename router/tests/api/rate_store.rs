//! Several routers that count together, and what they do when they cannot.

use reqwest::StatusCode;

use crate::support::{Answer, Graph, Router, Store, id, token};

const QUERY: &str = "{ unread }";
const LOST: &str = "the store of request limits does not answer";
const BACK: &str = "the store of request limits answers again";

/// A router that counts up to this in the store.
async fn router(graph: &Graph, url: &str, requests: &str) -> Router {
    let env = [
        ("RATE_LIMIT_STORE_URL", url),
        ("RATE_LIMIT_ANONYMOUS", requests),
        ("RATE_LIMIT_USER", requests),
    ];
    Router::start_with(graph, &env).await
}

fn is_refused(answer: &Answer) -> bool {
    answer.status == StatusCode::TOO_MANY_REQUESTS
}

fn count(logs: &str, line: &str) -> usize {
    logs.matches(line).count()
}

#[tokio::test]
async fn two_routers_share_one_quota() {
    let (graph, store) = (Graph::start().await, Store::start().await);
    let first = router(&graph, &store.url(), "3").await;
    let second = router(&graph, &store.url(), "3").await;
    let token = token(id(1));
    for (router, remaining, whole_in) in [(&first, 2, 20), (&second, 1, 40), (&first, 0, 60)] {
        for (answer, policy) in [
            (router.ask(QUERY).await, "anonymous"),
            (router.ask_as(&token, QUERY).await, "user"),
        ] {
            assert_eq!(answer.status, StatusCode::OK);
            let limit = format!("\"{policy}\";r={remaining};t={whole_in}");
            assert_eq!(answer.header("ratelimit"), Some(limit.as_str()));
        }
    }
    for router in [&first, &second] {
        for answer in [router.ask(QUERY).await, router.ask_as(&token, QUERY).await] {
            assert_eq!(answer.codes(), ["RATE_LIMITED"]);
            let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
            assert!((1..=20).contains(&wait), "{wait}");
        }
    }
    let keys = store.keys();
    let names: Vec<_> = keys.iter().map(|(name, _)| name.as_str()).collect();
    let user = format!("rookery:limit:user:{}", id(1));
    assert_eq!(names, ["rookery:limit:address:127.0.0.1", &user]);
    for (name, ends_in) in &keys {
        assert!((1..=60_000).contains(ends_in), "{name} in {ends_in} ms");
    }
    for router in [first, second] {
        let logs = router.stopped_logs().await;
        assert!(!logs.contains("WARN"), "{logs}");
        assert!(!logs.contains(Store::PASSWORD), "{logs}");
    }
}

#[tokio::test]
async fn a_router_whose_store_is_gone_counts_for_itself_until_it_is_back() {
    let (graph, mut store) = (Graph::start().await, Store::start().await);
    let router = router(&graph, &store.url(), "1").await;
    assert!(!is_refused(&router.ask(QUERY).await));
    assert!(is_refused(&router.ask(QUERY).await));
    store.kill().await;
    assert!(
        !is_refused(&router.ask(QUERY).await),
        "a count of its own has not begun before"
    );
    for _ in 0..5 {
        assert!(is_refused(&router.ask(QUERY).await), "it never fails open");
    }
    let other = router.ask_as(&token(id(1)), QUERY).await;
    assert!(!is_refused(&other), "nor does it refuse everybody");

    store.restart().await;
    while count(&router.logs(), BACK) == 0 {
        router.ask(QUERY).await;
    }
    assert!(is_refused(&router.ask(QUERY).await));
    assert_eq!(store.keys().len(), 1);
    let logs = router.stopped_logs().await;
    assert_eq!((count(&logs, LOST), count(&logs, BACK)), (1, 1), "{logs}");
}

#[tokio::test]
async fn a_store_that_hangs_is_not_waited_for() {
    let (graph, store) = (Graph::start().await, Store::start().await);
    let router = router(&graph, &store.url(), "1").await;
    assert!(!is_refused(&router.ask(QUERY).await));
    store.freeze();
    assert!(!is_refused(&router.ask(QUERY).await));
    assert!(is_refused(&router.ask(QUERY).await));
    let logs = router.stopped_logs().await;
    assert!(logs.contains("no answer within 100 ms"), "{logs}");
    assert_eq!(count(&logs, LOST), 1, "{logs}");
}

#[tokio::test]
async fn a_store_that_refuses_is_one_that_does_not_answer() {
    let (graph, store) = (Graph::start().await, Store::start().await);
    let router = router(&graph, &store.url_with("correcthorse"), "1").await;
    assert!(!is_refused(&router.ask(QUERY).await));
    assert!(is_refused(&router.ask(QUERY).await));
    let logs = router.stopped_logs().await;
    assert_eq!(count(&logs, LOST), 1, "{logs}");
    assert!(!logs.contains("correcthorse"), "{logs}");
    assert!(store.keys().is_empty());
}
