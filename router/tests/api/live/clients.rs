//! How many there may be, who may connect, and those who do not read or are gone.

use serde_json::json;

use super::NOTED;
use crate::support::{Events, Graph, Router, Socket, id, token};

#[tokio::test]
async fn a_client_that_vanishes_is_ended_at_the_service() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let (feed, user) = (graph.messaging.feed(), token(id(1)));
    let mut socket = Socket::of(&router, &user).await;
    socket.subscribe("a", NOTED).await;
    let stream = feed.opened("p").await;
    drop(socket);
    feed.ended(&stream).await;
    let (events, stream) = tokio::join!(Events::open(&router, &user, NOTED), feed.opened("p"));
    drop(events);
    feed.ended(&stream).await;
}

#[tokio::test]
async fn nothing_more_is_asked_for_while_a_client_does_not_read() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let (mut slow, mut quick) = (
        Socket::of(&router, &token(id(1))).await,
        Socket::of(&router, &token(id(2))).await,
    );
    slow.subscribe("a", NOTED).await;
    let slow_stream = feed.opened("p").await;
    quick.subscribe("a", NOTED).await;
    let quick_stream = feed.opened("p").await;
    let events: Vec<String> = (0..16).map(|number| format!("large-{number}")).collect();
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    feed.batch(&slow_stream, &events, "p16");
    // Others are not held up, and the next request is theirs.
    for number in 1..=20 {
        feed.batch(&quick_stream, &["small"], &format!("p{number}"));
        quick.event("a").await;
        feed.more(&quick_stream).await;
    }
    for event in &events {
        assert_eq!(slow.event("a").await["data"]["noted"]["id"], *event);
    }
    feed.more(&slow_stream).await;
}

#[tokio::test]
async fn a_stream_over_http_is_made_as_it_is_read() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let user = token(id(1));
    let (mut events, stream) = tokio::join!(Events::open(&router, &user, NOTED), feed.opened("p"));
    feed.batch(&stream, &["large"; 16], "p16");
    let mut quick = Socket::of(&router, &token(id(2))).await;
    quick.subscribe("a", NOTED).await;
    let other = feed.opened("p").await;
    feed.batch(&other, &["small"], "p1");
    quick.event("a").await;
    feed.more(&other).await;
    for _ in 0..16 {
        assert_eq!(events.next().await.1["data"]["noted"]["id"], "large");
    }
    feed.more(&stream).await;
}

#[tokio::test]
async fn there_is_room_for_so_many_and_no_more() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[("LIVE_MAX_CLIENTS", "2")]).await;
    let feed = graph.messaging.feed();
    let first = Socket::connect(&router).await;
    let second = Socket::connect(&router).await;
    let refused = Socket::try_connect(&router, &[]).await.err();
    assert_eq!(refused.unwrap(), 503);
    let ask = router.post(NOTED).bearer_auth(token(id(1)));
    let (answer, stream) = tokio::join!(
        router.send(ask.header("accept", "text/event-stream")),
        feed.opened("p")
    );
    assert_eq!(
        (answer.status.as_u16(), answer.codes()),
        (503, vec!["SERVICE_UNAVAILABLE"])
    );
    feed.ended(&stream).await;
    drop(first);
    while Socket::try_connect(&router, &[]).await.is_err() {
        tokio::task::yield_now().await;
    }
    drop(second);
}

#[tokio::test]
async fn one_user_has_so_many_sockets_and_one_socket_so_many_operations() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let (feed, user) = (graph.messaging.feed(), token(id(1)));
    let mut sockets = Vec::new();
    for _ in 0..32 {
        sockets.push(Socket::of(&router, &user).await);
    }
    let mut one_more = Socket::connect(&router).await;
    one_more
        .init(&json!({ "Authorization": format!("Bearer {user}") }))
        .await;
    assert_eq!(
        one_more.closed().await,
        (1013, "Too many connections".to_owned())
    );
    Socket::of(&router, &token(id(2))).await;
    let socket = &mut sockets[0];
    for number in 0..64 {
        socket.subscribe(&number.to_string(), NOTED).await;
        feed.opened("p").await;
    }
    socket.subscribe("one more", NOTED).await;
    assert_eq!(socket.error("one more").await.0, "RATE_LIMITED");
    // The others go on.
    socket.complete("7").await;
    socket.subscribe("one more", "{ unread }").await;
    assert_eq!(socket.event("one more").await["data"]["unread"], 3);
}

#[tokio::test]
async fn what_is_done_over_a_socket_counts() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[("RATE_LIMIT_USER", "3")]).await;
    let user = token(id(1));
    let mut socket = Socket::of(&router, &user).await;
    socket.subscribe("a", "{ unread }").await;
    socket.event("a").await;
    assert_eq!(socket.next().await["type"], "complete");
    socket.subscribe("s", NOTED).await;
    let feed = graph.messaging.feed();
    let stream = feed.opened("p").await;
    for name in ["a", "b"] {
        let query = ["{ unread }", NOTED][usize::from(name == "b")];
        socket.subscribe(name, query).await;
        assert_eq!(socket.error(name).await.0, "RATE_LIMITED");
    }
    // Events do not.
    for number in 0..10 {
        feed.batch(&stream, &[&number.to_string()], "p1");
        socket.event("s").await;
        feed.more(&stream).await;
    }
    let mut again = Socket::connect(&router).await;
    again
        .init(&json!({ "Authorization": format!("Bearer {user}") }))
        .await;
    let (code, reason) = again.closed().await;
    assert_eq!(
        (code, reason.starts_with("Too many requests: wait for ")),
        (1013, true),
        "{reason}"
    );
}

#[tokio::test]
async fn only_pages_of_ours_and_of_the_list_may_connect() {
    let graph = Graph::start().await;
    let allowed = ("ALLOWED_ORIGINS", "https://app.example.com");
    let router = Router::start_with(&graph, &[allowed]).await;
    let own = format!("http://{}", router.address());
    for origin in [own.as_str(), "https://app.example.com"] {
        assert!(
            Socket::try_connect(&router, &[("origin", origin)])
                .await
                .is_ok(),
            "{origin}"
        );
    }
    for origin in ["https://evil.example.com", "null"] {
        let refused = Socket::try_connect(&router, &[("origin", origin)])
            .await
            .err();
        assert_eq!(refused.unwrap(), 403, "{origin}");
    }
}

#[tokio::test]
async fn another_subprotocol_is_refused() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let headers = [("sec-websocket-protocol", "graphql-ws")];
    let refused = Socket::try_connect(&router, &headers).await.err();
    assert_eq!(refused.unwrap(), 400);
}

#[tokio::test]
async fn a_stop_ends_a_stream_over_http_with_what_to_do() {
    let graph = Graph::start().await;
    let mut router = Router::start(&graph).await;
    let (feed, user) = (graph.messaging.feed(), token(id(1)));
    let (mut events, _stream) = tokio::join!(Events::open(&router, &user, NOTED), feed.opened("p"));
    router.signal("TERM");
    let (_, last) = events.next().await;
    assert_eq!(
        last["errors"][0]["extensions"]["code"],
        "SERVICE_UNAVAILABLE"
    );
    assert!(router.ended().await, "{}", router.logs());
}

#[tokio::test]
async fn one_address_without_a_token_has_so_many_sockets() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let mut sockets = Vec::new();
    for _ in 0..100 {
        let mut socket = Socket::connect(&router).await;
        socket.init(&json!(null)).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        sockets.push(socket);
    }
    let mut one_more = Socket::connect(&router).await;
    one_more.init(&json!(null)).await;
    assert_eq!(one_more.closed().await.0, 1013);
    // Whoever has a token is counted by that.
    Socket::of(&router, &token(id(1))).await;
}
