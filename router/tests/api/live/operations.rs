//! What may be subscribed to, and what the service and the engine are told of it.

use serde_json::json;

use super::NOTED;
use crate::support::{Events, Graph, Router, Socket, id, token};

#[tokio::test]
async fn arguments_reach_the_service_with_variables_and_defaults() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::of(&router, &token(id(1))).await;
    let query = "subscription S($b: ID, $k: [Kind!]!, $m: Int = 5, $unset: String) {
        noted(board: $b, kinds: $k, most: $m, after: $unset) { id }
    }";
    let variables = json!({ "b": 7, "k": "LOUD" });
    let payload = json!({ "query": query, "operationName": "S", "variables": variables });
    socket.subscribe_with("a", &payload).await;
    let stream = feed.opened("p").await;
    let arguments = json!({ "board": "7", "kinds": ["LOUD"], "most": 5 });
    assert_eq!(json!(stream.open.arguments), arguments);
    socket.subscribe("b", NOTED).await;
    let stream = feed.opened("p").await;
    assert_eq!(json!(stream.open.arguments), json!({ "kinds": ["PLAIN"] }));
}

#[tokio::test]
async fn aliases_fragments_and_variables_are_those_of_the_client() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::of(&router, &token(id(1))).await;
    let query = "
        subscription($id: ID, $with: Boolean = false) { ...Root }
        fragment Root on Subscription { heard: noted(board: $id) { ...Whole } }
        fragment Whole on Note { name: id text @skip(if: $with) author { ...Who @include(if: $with) id } }
        fragment Who on User { username }";
    let payload = json!({ "query": query, "variables": { "id": "x", "with": true } });
    socket.subscribe_with("a", &payload).await;
    let stream = feed.opened("p").await;
    feed.batch(&stream, &["1"], "p1");
    let author = json!({ "username": "user-ada", "id": "ada" });
    let expected = json!({ "data": { "heard": { "name": "1", "author": author } } });
    assert_eq!(socket.event("a").await, expected);
}

#[tokio::test]
async fn what_is_wrong_with_an_operation_is_said_at_once() {
    let graph = Graph::start().await;
    let limits = [("GRAPHQL_MAX_FIELDS", "20"), ("GRAPHQL_MAX_ALIASES", "3")];
    let router = Router::start_with(&graph, &limits).await;
    let mut socket = Socket::of(&router, &token(id(1))).await;
    let many = format!("subscription {{ noted {{ {} }} }}", "id ".repeat(30));
    for (query, code) in [
        ("subscription { noted { nothing } }", "FieldsOnCorrectType"),
        ("subscription { nothing { id } }", "FieldsOnCorrectType"),
        (
            "subscription { noted(nothing: 1) { id } }",
            "KnownArgumentNames",
        ),
        (
            "subscription { noted(most: \"x\") { id } }",
            "ValuesOfCorrectType",
        ),
        (
            "subscription($m: Int!) { noted(most: $m) { id } }",
            "BAD_USER_INPUT",
        ),
        (
            "subscription { a: noted { id } b: noted { id } }",
            "SingleFieldSubscriptions",
        ),
        (
            "subscription { noted { id } __typename }",
            "SingleFieldSubscriptions",
        ),
        ("subscription { __typename }", "SingleFieldSubscriptions"),
        (
            "subscription { noted @skip(if: false) { id } }",
            "SingleFieldSubscriptions",
        ),
        (
            "subscription { noted { a: id b: id c: id d: id } }",
            "MAX_ALIASES_EXCEEDED",
        ),
        ("subscription { noted { id ", "GRAPHQL_PARSE_FAILED"),
        (many.as_str(), "OPERATION_TOO_LARGE"),
    ] {
        socket.subscribe("a", query).await;
        let (said, message) = socket.error("a").await;
        assert_eq!(said, code, "{query}: {message}");
    }
    assert!(!graph.messaging.feed().is_asked().await);
}

#[tokio::test]
async fn what_is_wrong_is_an_ordinary_answer_to_a_request_for_a_stream() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let ask = |query: &str| router.post(query).header("accept", "text/event-stream");
    let answer = router.send(ask("subscription { noted { no } }")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.codes()),
        (400, vec!["FieldsOnCorrectType"])
    );
    let answer = router.send(ask(NOTED).bearer_auth("forged")).await;
    assert_eq!(
        (answer.status.as_u16(), answer.codes()),
        (401, vec!["UNAUTHENTICATED"])
    );
    let (answer, ()) = tokio::join!(router.send(ask(NOTED)), async {
        let feed = graph.messaging.feed();
        let stream = feed.asked().await;
        feed.close(&stream, "NOT_A_PARTICIPANT", "It is theirs.");
    });
    assert_eq!(
        (answer.status.as_u16(), answer.codes()),
        (403, vec!["NOT_A_PARTICIPANT"])
    );
}

#[tokio::test]
async fn other_operations_are_answered_by_every_transport() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let user = token(id(1));
    let data = json!({ "data": { "unread": 3 } });
    let mut socket = Socket::of(&router, &user).await;
    socket.subscribe("a", "{ unread }").await;
    assert_eq!(socket.event("a").await, data);
    assert_eq!(
        socket.next().await,
        json!({ "type": "complete", "id": "a" })
    );
    socket
        .subscribe("a", "mutation { rename(name: \"x\") { id } }")
        .await;
    let renamed = socket.event("a").await;
    assert_eq!(renamed["data"]["rename"]["id"], id(1).to_string());
    assert_eq!(socket.next().await["type"], "complete");
    socket.subscribe("a", "{ nothing }").await;
    assert_eq!(socket.error("a").await.0, "FieldsOnCorrectType");

    let mut events = Events::open(&router, &user, "{ unread }").await;
    assert_eq!(events.next().await, ("next".to_owned(), data.clone()));
    assert_eq!(events.rest().await, "event: complete\ndata:\n\n");
    // Who takes JSON as well gets it as ever.
    let both = router
        .post("{ unread }")
        .header("accept", "application/json, text/event-stream");
    assert_eq!(router.send(both).await.body, data);
}

#[tokio::test]
async fn an_operation_is_tried_once_and_planned_once() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let feed = graph.messaging.feed();
    let mut socket = Socket::of(&router, &token(id(1))).await;
    for name in ["a", "b", "c"] {
        socket.subscribe(name, NOTED).await;
        let stream = feed.opened("p").await;
        feed.batch(&stream, &[name], "p1");
        assert!(socket.event(name).await["data"]["noted"]["id"] == name);
        feed.more(&stream).await;
    }
    let seen = graph.messaging.seen();
    let queries: Vec<_> = seen.iter().map(|seen| &seen.body["query"]).collect();
    assert_eq!(
        queries.len(),
        4,
        "one to try it, and one an event: {queries:?}"
    );
    assert!(
        queries.iter().all(|query| *query == queries[0]),
        "{queries:?}"
    );
}
