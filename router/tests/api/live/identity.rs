//! Whose stream it is, for how long, and that nobody passes for somebody else.

use common::clock::{Clock, SystemClock};
use reqwest::Method;
use serde_json::{Value, json};

use super::NOTED;
use crate::support::{Events, Graph, Router, Socket, claims, forge, id, token};

const ANONYMOUS: (&str, &str) = ("RATE_LIMIT_ANONYMOUS", "1");

/// A token that lives for so many seconds.
fn short(seconds: i64) -> String {
    let mut claims = claims(id(1));
    claims["exp"] = json!(SystemClock.now().as_seconds() + seconds);
    forge().sign(&forge().header(), &claims)
}

fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

#[tokio::test]
async fn everybody_has_their_own_token_on_one_connection() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut all = Vec::new();
    for number in 1..=4 {
        let token = token(id(number));
        let mut socket = Socket::of(&router, &token).await;
        socket.subscribe("a", "subscription { noted { id } }").await;
        let stream = feed.opened("p").await;
        assert_eq!(stream.open.authorization, bearer(&token));
        all.push((token, socket, stream));
    }
    for (number, (token, socket, stream)) in all.iter_mut().enumerate() {
        let name = format!("{number}");
        feed.batch(stream, &[&name], "p1");
        socket.event("a").await;
        feed.more(stream).await;
        let seen = graph.messaging.seen();
        let last = seen.last().unwrap();
        assert_eq!(
            last.body["variables"].as_object().unwrap().values().next(),
            Some(&json!(name))
        );
        assert_eq!(last.header("authorization"), Some(bearer(token).as_str()));
    }
}

#[tokio::test]
async fn a_token_may_come_with_the_handshake_and_the_first_message_goes_before_it() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let (first, second) = (bearer(&token(id(1))), bearer(&token(id(2))));
    for (payload, expected) in [
        (json!(null), &first),
        (json!({ "Authorization": second }), &second),
    ] {
        let headers = [("authorization", first.as_str())];
        let mut socket = Socket::try_connect(&router, &headers).await.unwrap();
        socket.init(&payload).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket.subscribe("a", NOTED).await;
        let stream = feed.opened("p").await;
        assert_eq!(stream.open.authorization, *expected);
        drop(socket);
        // The end of its stream.
        feed.ended(&stream).await;
    }
}

#[tokio::test]
async fn nobody_is_nobody() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::connect(&router).await;
    socket.init(&json!({ "Authorization": "" })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket.subscribe("a", NOTED).await;
    let stream = feed.asked().await;
    assert_eq!(stream.open.authorization, "");
    feed.close(&stream, "UNAUTHENTICATED", "A token is needed.");
    assert_eq!(socket.error("a").await.0, "UNAUTHENTICATED");
}

#[tokio::test]
async fn a_socket_ends_with_its_token() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::of(&router, &short(2)).await;
    socket.subscribe("a", NOTED).await;
    let stream = feed.opened("p").await;
    let (code, message) = socket.error("a").await;
    assert_eq!(code, "UNAUTHENTICATED", "{message}");
    let (code, reason) = socket.closed().await;
    assert_eq!((code, reason.contains("expired")), (4401, true), "{reason}");
    feed.ended(&stream).await;
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let token = short(2);
    let (mut events, stream) = tokio::join!(Events::open(&router, &token, NOTED), feed.opened("p"));
    let (name, last) = events.next().await;
    let code = &last["errors"][0]["extensions"]["code"];
    assert_eq!((name.as_str(), code), ("next", &json!("UNAUTHENTICATED")));
    assert_eq!(events.rest().await, "event: complete\ndata:\n\n");
    feed.ended(&stream).await;
}

#[tokio::test]
async fn a_guess_at_the_password_of_the_router_is_worth_nothing() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[ANONYMOUS]).await;
    let ask = |value: &'static str| {
        let query = json!({ "query": "{ unread }" });
        let request = router.request(Method::POST, "/graphql").json(&query);
        let request = request.header("x-rookery-loopback", value);
        router.send(request.header("x-forwarded-for", "203.0.113.7"))
    };
    assert_eq!(ask("event").await.status, 200);
    for guess in ["event", "event ", "event AAAA", "operation", ""] {
        assert_eq!(
            ask(guess).await.status,
            429,
            "counted, for the address it comes from: {guess}"
        );
    }
    assert_eq!(graph.messaging.seen().len(), 1);
}

#[tokio::test]
async fn services_see_the_client_and_not_how_the_router_asks() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let headers = [
        ("x-forwarded-for", "203.0.113.7"),
        ("user-agent", "tests/1"),
    ];
    let mut socket = Socket::try_connect(&router, &headers).await.unwrap();
    socket
        .init(&json!({ "Authorization": bearer(&token(id(1))) }))
        .await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket.subscribe("q", "{ unread }").await;
    socket.event("q").await;
    socket.next().await;
    socket.subscribe("a", NOTED).await;
    let stream = graph.messaging.feed().opened("p").await;
    graph.messaging.feed().batch(&stream, &["1"], "p1");
    socket.event("a").await;
    let seen = graph.messaging.seen();
    assert!(seen.len() >= 3, "a query, a try, an event");
    for seen in seen {
        assert_eq!(seen.header("x-rookery-loopback"), None);
        assert_eq!(seen.header("x-forwarded-for"), Some("203.0.113.7"));
        assert_eq!(seen.header("user-agent"), Some("tests/1"));
    }
}

#[tokio::test]
async fn a_field_that_the_token_does_not_allow_is_null_in_every_event() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::of(&router, &token(id(1))).await;
    socket
        .subscribe("a", "subscription { noted { id author { id email } } }")
        .await;
    let stream = feed.opened("p").await;
    feed.batch(&stream, &["1"], "p1");
    let event = socket.event("a").await;
    assert_eq!(event["data"]["noted"]["author"]["email"], Value::Null);
    assert_eq!(event["errors"][0]["extensions"]["code"], "FORBIDDEN");
}
