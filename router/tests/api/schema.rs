//! The graph itself: plans, introspection.

use reqwest::StatusCode;
use serde_json::json;

use crate::support::{Graph, Router};

const INTROSPECTION: &str = include_str!("../fixtures/introspection.graphql");

#[tokio::test]
async fn a_page_of_posts_asks_for_all_its_authors_at_once() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let answer = router.ask("{ posts { text author { username } } }").await;
    assert_eq!(
        answer.body["data"]["posts"][1],
        json!({ "text": "hello", "author": { "username": "user-grace" } })
    );
    assert_eq!((graph.posts.seen().len(), graph.users.seen().len()), (1, 1));
    let representations = graph.users.seen()[0].body["variables"]["representations"].clone();
    assert_eq!(
        representations.as_array().unwrap().len(),
        2,
        "each author once: {representations}"
    );
}

#[tokio::test]
async fn tools_can_read_the_schema() {
    let graph = Graph::start().await;
    let router = Router::start(&graph).await;
    let answer = router.ask(INTROSPECTION).await;
    assert_eq!(answer.codes(), Vec::<&str>::new());
    let schema = answer.body["data"]["__schema"].to_string();
    assert!(
        schema.contains("\"username\"")
            && !schema.contains("_entities")
            && !schema.contains("join__")
    );
}

#[tokio::test]
async fn introspection_can_be_off_and_suggestions_with_it() {
    let graph = Graph::start().await;
    let router = Router::start_with(&graph, &[("GRAPHQL_INTROSPECTION", "false")]).await;
    for query in [
        INTROSPECTION,
        "{ __schema { queryType { name } } }",
        "{ __type(name: \"User\") { name } }",
    ] {
        let answer = router.ask(query).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert_eq!(answer.codes(), ["INTROSPECTION_DISABLED"]);
        assert!(answer.body.get("data").is_none());
    }
    // What tools that rebuild a schema from suggestions ask.
    let queries = [
        "{ usr(id: 1) { id } }",
        "{ user(id: 1) }",
        "{ user(identity: 1) { id } }",
        "{ user(id: 1) { usernam } }",
        "{ post { id } }",
        "mutation { renam(name: 1) { id } }",
        "{ unread @skp(if: true) }",
        "{ ... on Usr { id } }",
        "query($x: Usr) { unread }",
    ];
    for query in queries {
        let text = router.ask(query).await.body.to_string();
        assert!(
            !text.to_lowercase().contains("did you mean"),
            "{query}: {text}"
        );
        assert!(text.contains("errors"), "{query}");
    }
    assert_eq!(graph.requests(), 0);
    let answer = router.ask("{ __typename }").await;
    assert_eq!(
        answer.body["data"]["__typename"], "Query",
        "clients need it"
    );
}
