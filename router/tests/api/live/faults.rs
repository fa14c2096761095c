//! What breaks, and what a client notices of it: never a gap, and never an event twice.

use reqwest::StatusCode;
use serde_json::json;

use super::NOTED;
use crate::support::{Graph, Router, Socket, id, token};

/// A socket whose operation `a` has a stream with the first event delivered.
macro_rules! streaming {
    ($graph:ident, $router:ident, $feed:ident, $socket:ident, $stream:ident) => {
        let $graph = Graph::start().await;
        let $router = Router::start(&$graph).await;
        let $feed = $graph.messaging.feed();
        let mut $socket = Socket::of(&$router, &token(id(1))).await;
        $socket.subscribe("a", NOTED).await;
        let $stream = $feed.opened("p0").await;
        $feed.batch(&$stream, &["1"], "p1");
        assert_eq!(name(&$socket.event("a").await), "1");
        $feed.more(&$stream).await;
    };
}

fn name(event: &serde_json::Value) -> String {
    event["data"]["noted"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_feed_that_breaks_goes_on_behind_what_the_client_has() {
    streaming!(graph, router, feed, socket, stream);
    feed.cut();
    let again = feed.opened("p1").await;
    assert_ne!(again.open.id, stream.open.id, "an id is not used again");
    assert_eq!(again.open.position.as_deref(), Some("p1"));
    assert_eq!(again.open.arguments, stream.open.arguments);
    assert_eq!(again.open.authorization, stream.open.authorization);
    feed.batch(&again, &["2"], "p2");
    assert_eq!(name(&socket.event("a").await), "2");
    feed.more(&again).await;
    assert!(router.logs().contains("a relay connection was lost"));
}

#[tokio::test]
async fn a_batch_in_hand_is_delivered_before_the_stream_is_opened_again() {
    streaming!(graph, router, feed, socket, stream);
    feed.batch(&stream, &["2", "3"], "p3");
    feed.cut();
    assert_eq!(name(&socket.event("a").await), "2");
    assert_eq!(name(&socket.event("a").await), "3");
    let again = feed.opened("p3").await;
    assert_eq!(again.open.position.as_deref(), Some("p3"));
    feed.batch(&again, &["4"], "p4");
    assert_eq!(name(&socket.event("a").await), "4");
}

#[tokio::test]
async fn a_service_that_is_stopping_is_asked_again() {
    streaming!(graph, router, feed, socket, stream);
    feed.close(&stream, "SERVICE_UNAVAILABLE", "The service stops.");
    let again = feed.asked().await;
    assert_eq!(again.open.position.as_deref(), Some("p1"));
    feed.close(&again, "SERVICE_UNAVAILABLE", "The service stops.");
    let again = feed.opened("p1").await;
    feed.batch(&again, &["2"], "p2");
    assert_eq!(name(&socket.event("a").await), "2");
}

#[tokio::test]
async fn what_the_service_ends_a_stream_with_is_told() {
    streaming!(graph, router, feed, socket, stream);
    feed.close(&stream, "NOT_A_PARTICIPANT", "You have left.");
    let (code, message) = socket.error("a").await;
    assert_eq!(
        (code.as_str(), message.as_str()),
        ("NOT_A_PARTICIPANT", "You have left.")
    );
    // The name is free again.
    socket.subscribe("a", NOTED).await;
    feed.asked().await;
}

#[tokio::test]
async fn a_service_that_is_down_is_waited_for_and_then_said() {
    let mut graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let mut socket = Socket::of(&router, &token(id(1))).await;
    graph.messaging.stop().await;
    socket.subscribe("a", NOTED).await;
    assert_eq!(socket.error("a").await.0, "SERVICE_UNAVAILABLE");
    socket.subscribe("a", NOTED).await;
    graph.messaging.restart().await;
    let feed = graph.messaging.feed();
    let stream = feed.opened("p0").await;
    feed.batch(&stream, &["1"], "p1");
    assert_eq!(name(&socket.event("a").await), "1");
}

#[tokio::test]
async fn an_event_that_cannot_be_shown_is_asked_for_again() {
    streaming!(graph, router, feed, socket, stream);
    let down = (StatusCode::SERVICE_UNAVAILABLE, "text/plain", "down");
    graph.messaging.answer_instead(down.0, down.1, down.2);
    let before = graph.messaging.seen().len();
    feed.batch(&stream, &["2", "3"], "p3");
    while graph.messaging.seen().len() < before + 4 {
        tokio::task::yield_now().await;
    }
    assert!(!feed.is_asked().await, "the batch has not been delivered");
    graph.messaging.answer_as_usual();
    assert_eq!(name(&socket.event("a").await), "2");
    assert_eq!(name(&socket.event("a").await), "3");
    feed.more(&stream).await;
}

#[tokio::test]
async fn what_is_missing_of_an_event_is_told_with_it() {
    let mut graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let mut socket = Socket::of(&router, &token(id(1))).await;
    socket.subscribe("a", NOTED).await;
    let stream = graph.messaging.feed().opened("p0").await;
    graph.users.stop().await;
    graph.messaging.feed().batch(&stream, &["1"], "p1");
    let event = socket.event("a").await;
    assert_eq!(event["data"]["noted"]["text"], "text of 1");
    assert_eq!(event["data"]["noted"]["author"]["username"], json!(null));
    assert_eq!(
        event["errors"][0]["extensions"]["code"],
        "SERVICE_UNAVAILABLE"
    );
}

#[tokio::test]
async fn what_the_viewer_does_not_see_is_passed_over() {
    streaming!(graph, router, feed, socket, stream);
    feed.batch(&stream, &["hidden", "2"], "p2");
    assert_eq!(name(&socket.event("a").await), "2");
    feed.more(&stream).await;
    assert!(router.logs().contains("the viewer may not see an event"));
}

#[tokio::test]
async fn many_streams_are_opened_some_at_a_time_over_two_connections() {
    const AT_ONCE: usize = 2 * 64;
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut sockets = Vec::new();
    for _ in 0..3 {
        sockets.push(Socket::of(&router, &token(id(1))).await);
    }
    // The first one, so that none of the others is tried.
    sockets[0].subscribe("first", NOTED).await;
    feed.opened("p").await;
    for (number, socket) in sockets.iter_mut().enumerate() {
        for name in 0..60 {
            socket.subscribe(&format!("{number}-{name}"), NOTED).await;
        }
    }
    let mut asked = Vec::new();
    for _ in 0..AT_ONCE {
        asked.push(feed.asked().await);
    }
    assert!(!feed.is_asked().await);
    for stream in &asked {
        feed.grant(stream, "p");
    }
    for _ in AT_ONCE..180 {
        feed.opened("p").await;
    }
    assert_eq!(feed.connections(), 2);
}
