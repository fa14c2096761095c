//! graphql-transport-ws, and each reason to close a connection.

use serde_json::json;
use tokio_tungstenite::tungstenite::{Bytes, Message};

use super::NOTED;
use crate::support::{Graph, Router, Socket, id, token};

#[tokio::test]
async fn pings_are_answered() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let mut socket = Socket::connect(&router).await;
    let payload = json!({ "a": [1] });
    socket
        .say(&json!({ "type": "ping", "payload": payload }))
        .await;
    assert_eq!(
        socket.next().await,
        json!({ "type": "pong", "payload": payload })
    );
    socket.say(&json!({ "type": "ping" })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }));
    socket.say(&json!({ "type": "pong" })).await;
    socket.init(&json!(null)).await;
    assert_eq!(socket.next().await, json!({ "type": "connection_ack" }));
}

#[tokio::test]
async fn what_is_no_message_closes_with_4400() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for message in [
        Message::text("nonsense"),
        Message::text("{}"),
        Message::text(r#"{"type":"nothing"}"#),
        Message::text(r#"{"type":"subscribe"}"#),
        Message::text(r#"{"type":"subscribe","id":7,"payload":{}}"#),
        Message::text("[".repeat(10_000)),
        Message::binary(Bytes::from_static(b"{}")),
    ] {
        let mut socket = Socket::connect(&router).await;
        socket.send(message.clone()).await;
        assert_eq!(socket.closed().await.0, 4400, "{message:?}");
    }
}

#[tokio::test]
async fn a_bad_token_closes_with_4401() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    for payload in [
        json!({ "Authorization": "Bearer forged" }),
        json!({ "authorization": "Basic x" }),
        json!({ "headers": { "authorization": 3 } }),
    ] {
        let mut socket = Socket::connect(&router).await;
        socket.init(&payload).await;
        assert_eq!(
            socket.closed().await,
            (4401, "Unauthorized".to_owned()),
            "{payload}"
        );
    }
    let headers = [("authorization", "Bearer forged")];
    let mut socket = Socket::try_connect(&router, &headers).await.unwrap();
    socket.init(&json!(null)).await;
    assert_eq!(socket.closed().await.0, 4401);
}

#[tokio::test]
async fn the_order_of_messages_is_kept_to() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let mut early = Socket::connect(&router).await;
    early.subscribe("a", NOTED).await;
    assert_eq!(early.closed().await.0, 4401);

    let mut twice = Socket::of(&router, &token(id(1))).await;
    twice.init(&json!(null)).await;
    assert_eq!(
        twice.closed().await,
        (4429, "Too many initialisation requests".to_owned())
    );

    let mut same = Socket::of(&router, &token(id(1))).await;
    same.subscribe("a", NOTED).await;
    let _stream = graph.messaging.feed().opened("p").await;
    same.subscribe("a", NOTED).await;
    assert_eq!(
        same.closed().await,
        (4409, "Subscriber for a already exists".to_owned())
    );
}

#[tokio::test]
async fn who_says_nothing_is_closed_with_4408() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let mut socket = Socket::connect(&router).await;
    assert_eq!(socket.closed().await.0, 4408);
}

#[tokio::test]
async fn a_message_may_be_as_long_as_a_body() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let mut socket = Socket::connect(&router).await;
    let ping = |length| {
        Message::text(json!({ "type": "ping", "payload": { "a": "x".repeat(length) } }).to_string())
    };
    socket.send(ping(60_000)).await;
    assert_eq!(socket.next().await["type"], "pong");
    socket.send(ping(70_000)).await;
    assert_eq!(socket.closed().await.0, 1009);
}

#[tokio::test]
async fn an_operation_that_its_client_ends_is_ended_at_the_service() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::of(&router, &token(id(1))).await;
    socket.subscribe("a", NOTED).await;
    let first = feed.opened("p").await;
    socket.complete("a").await;
    feed.ended(&first).await;
    // The name can be used again, and nothing of the first comes under it.
    socket.subscribe("a", NOTED).await;
    let second = feed.opened("p").await;
    feed.batch(&first, &["1"], "p1");
    feed.batch(&second, &["2"], "p2");
    assert_eq!(socket.event("a").await["data"]["noted"]["id"], "2");
}

#[tokio::test]
async fn a_stop_says_so_at_once() {
    let graph = Graph::start().await;
    let mut router = Router::start(&graph).await;
    let mut socket = Socket::of(&router, &token(id(1))).await;
    socket.subscribe("a", NOTED).await;
    let _stream = graph.messaging.feed().opened("p").await;
    let mut idle = Socket::connect(&router).await;
    router.signal("TERM");
    for socket in [&mut socket, &mut idle] {
        assert_eq!(socket.closed().await, (1012, "Service restart".to_owned()));
    }
    assert!(router.ended().await, "{}", router.logs());
}

#[tokio::test]
async fn who_leaves_is_let_go() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::of(&router, &token(id(1))).await;
    socket.subscribe("a", NOTED).await;
    let stream = feed.opened("p").await;
    assert_eq!(socket.leave().await, 1000);
    feed.ended(&stream).await;
}
