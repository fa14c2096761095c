//! Posts by id, posts of an author, and the entities of the router.

use serde_json::{Value, json};
use uuid::Uuid;

use crate::world::World;

#[tokio::test]
async fn what_is_no_post_is_null() {
    let world = World::new().await;
    for unknown in [Uuid::nil().to_string(), "42".to_owned(), String::new()] {
        let query = "query($id: ID!) { post(id: $id) { id } }";
        let answer = world.graph.ask(None, query, json!({ "id": unknown })).await;
        assert_eq!(answer.data(), json!({ "post": null }));
    }
}

const ENTITIES: &str = "query($of: [_Any!]!) { _entities(representations: $of) {
    ... on Post { text }
    ... on User { id posts(first: 2) { nodes { text } pageInfo { hasNextPage } } }
} }";

#[tokio::test]
async fn entities_come_in_the_order_of_their_representations_and_unknown_ones_are_null() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    let first = world.post(&ada, "first").await;
    let second = world.post(&grace, "second").await;
    let of = json!([
        { "__typename": "Post", "id": second },
        { "__typename": "Post", "id": Uuid::nil() },
        { "__typename": "User", "id": grace.id },
        { "__typename": "Post", "id": "no uuid" },
        { "__typename": "User", "id": Uuid::nil() },
        { "__typename": "User", "id": "no uuid" },
        { "__typename": "Post", "id": first },
    ]);
    let answer = world.graph.ask(None, ENTITIES, json!({ "of": of })).await;
    let page = |posts: Value| json!({ "nodes": posts, "pageInfo": { "hasNextPage": false } });
    let expected = json!([
        { "text": "second" },
        null,
        { "id": grace.id, "posts": page(json!([{ "text": "second" }])) },
        null,
        { "id": Uuid::nil(), "posts": page(json!([])) },
        null,
        { "text": "first" },
    ]);
    assert_eq!(answer.data()["_entities"], expected);
}

#[tokio::test]
async fn an_author_s_posts_are_newest_first_and_for_anybody() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    for n in 0..5 {
        world.post(&ada, &n.to_string()).await;
        world.post(&grace, "other").await;
    }
    let query =
        "query($of: [_Any!]!, $after: String) { _entities(representations: $of) { ... on User {
        posts(first: 2, after: $after) {
            edges { cursor node { text } } nodes { text }
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        }
    } } }";
    let of = json!([{ "__typename": "User", "id": ada.id }]);
    let (mut after, mut seen) = (Value::Null, Vec::new());
    loop {
        let variables = json!({ "of": of, "after": after });
        let data = world.graph.ask(None, query, variables).await.data();
        let page = &data["_entities"][0]["posts"];
        let edges = page["edges"].as_array().unwrap();
        let nodes: Vec<_> = edges.iter().map(|edge| edge["node"].clone()).collect();
        assert_eq!(page["nodes"], json!(nodes));
        assert_eq!(page["pageInfo"]["hasPreviousPage"], json!(!after.is_null()));
        assert_eq!(page["pageInfo"]["startCursor"], edges[0]["cursor"]);
        assert_eq!(
            page["pageInfo"]["endCursor"],
            edges.last().unwrap()["cursor"]
        );
        seen.extend(
            nodes
                .iter()
                .map(|node| node["text"].as_str().unwrap().to_owned()),
        );
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == json!(false) {
            break;
        }
    }
    assert_eq!(seen, ["4", "3", "2", "1", "0"]);
}

#[tokio::test]
async fn several_windows_of_one_author_and_authors_within_posts_are_answered_each() {
    let world = World::new().await;
    let ada = world.person();
    let mut ids = Vec::new();
    for n in 0..4 {
        ids.push(world.post(&ada, &n.to_string()).await);
    }
    let query = "query($id: ID!) { post(id: $id) { author { id
        one: posts(first: 1) { nodes { text author { posts(first: 1) { nodes { text } } } } }
        all: posts { nodes { text } }
    } } }";
    let data = world
        .graph
        .ask(None, query, json!({ "id": ids[0] }))
        .await
        .data();
    let expected = json!({
        "id": ada.id,
        "one": { "nodes": [{ "text": "3", "author": { "posts": { "nodes": [{ "text": "3" }] } } }] },
        "all": { "nodes": [{ "text": "3" }, { "text": "2" }, { "text": "1" }, { "text": "0" }] },
    });
    assert_eq!(data["post"]["author"], expected);
}
