//! Events reach their clients, whole and in order, by each of the transports.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::NOTED;
use crate::support::{Events, Graph, Router, Socket, id, token};

fn note(id: &str) -> Value {
    json!({ "data": { "noted": {
        "id": id, "text": format!("text of {id}"), "author": { "username": "user-ada" },
    } } })
}

#[tokio::test]
async fn events_come_whole_and_in_order_by_websocket() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::of(&router, &token(id(1))).await;
    socket.subscribe("a", NOTED).await;
    let stream = feed.opened("p0").await;
    assert_eq!(stream.open.field, "noted");
    assert_eq!(stream.open.position, None);
    let names = ["1", "2", "3", "4", "5", "6", "7", "8", "9"];
    feed.batch(&stream, &names, "p9");
    for name in names {
        assert_eq!(socket.event("a").await, note(name));
    }
    feed.more(&stream).await;
    feed.batch(&stream, &["10"], "p10");
    assert_eq!(socket.event("a").await, note("10"));
}

#[tokio::test]
async fn events_come_as_server_sent_events() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let (mut events, stream) = {
        let user = token(id(1));
        let open = Events::open(&router, &user, NOTED);
        tokio::join!(open, feed.opened("p0"))
    };
    let header = |name: &str| events.response.headers().get(name).unwrap();
    assert_eq!(header("content-type"), "text/event-stream");
    assert_eq!(header("cache-control"), "no-store");
    feed.batch(&stream, &["1", "2"], "p2");
    assert_eq!(events.next().await, ("next".to_owned(), note("1")));
    assert_eq!(events.next().await, ("next".to_owned(), note("2")));
    feed.more(&stream).await;
    feed.close(&stream, "FORBIDDEN", "You have left.");
    let (name, last) = events.next().await;
    assert_eq!(
        (name.as_str(), &last["errors"][0]["message"]),
        ("next", &json!("You have left."))
    );
    assert_eq!(events.rest().await, "event: complete\ndata:\n\n");
}

#[tokio::test]
async fn events_come_in_the_parts_that_apollo_reads() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let (mut events, stream) = {
        let user = token(id(1));
        let open = Events::open_multipart(&router, &user, NOTED);
        tokio::join!(open, feed.opened("p0"))
    };
    assert_eq!(
        events.response.headers().get("content-type").unwrap(),
        r#"multipart/mixed;boundary="graphql";subscriptionSpec=1.0"#
    );
    feed.batch(&stream, &["1", "2"], "p2");
    for name in ["1", "2"] {
        assert_eq!(events.next().await.1, json!({ "payload": note(name) }));
    }
    feed.more(&stream).await;
    feed.close(&stream, "FORBIDDEN", "You have left.");
    let (_, last) = events.next().await;
    assert_eq!(last["payload"], Value::Null);
    assert_eq!(last["errors"][0]["extensions"]["code"], "FORBIDDEN");
    assert_eq!(events.rest().await, "--\r\n");
}

#[tokio::test]
async fn an_event_source_subscribes_by_get() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let query = form_urlencoded::Serializer::for_suffix("/graphql?".to_owned(), "/graphql?".len())
        .append_pair("query", "subscription($m: Int) { noted(most: $m) { id } }")
        .append_pair("variables", r#"{"m":3}"#)
        .finish();
    let ask = router
        .request(Method::GET, &query)
        .header("accept", "text/event-stream");
    let (answer, stream) = tokio::join!(ask.send(), feed.opened("p"));
    assert_eq!(answer.unwrap().status(), StatusCode::OK);
    assert_eq!(stream.open.arguments["most"], 3);
    // Another site's page cannot make a browser do it.
    let forged = router
        .request(Method::GET, "/graphql?query=subscription{noted{id}}")
        .header("accept", "text/event-stream")
        .header("sec-fetch-site", "cross-site");
    assert_eq!(router.send(forged).await.status, StatusCode::FORBIDDEN);
}
