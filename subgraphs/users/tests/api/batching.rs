use serde_json::{Value, json};
use users::domain::UserId;

use crate::world::{Person, World, statements_of};

/// `count` people who all follow each other's first, ada.
async fn crowd(world: &World, count: usize) -> (Person, Vec<Person>) {
    let ada = world.person("ada").await;
    let mut fans = Vec::new();
    for number in 0..count {
        let fan = world.person(&format!("fan_{number}")).await;
        for (who, whom) in [(&fan, &ada), (&ada, &fan)] {
            world
                .app
                .follow(UserId::from(who.id), &whom.id.to_string())
                .await
                .unwrap();
        }
        fans.push(fan);
    }
    (ada, fans)
}

#[tokio::test]
async fn a_page_of_entities_is_three_statements_whatever_its_size() {
    let world = World::new().await;
    let (ada, fans) = crowd(&world, 100).await;
    let query = "query($of: [_Any!]!) { _entities(representations: $of) {
        ... on User { username displayName followerCount viewerIsFollowing viewerIsBlocking } } }";
    for size in [1, 20, 100] {
        let of: Vec<Value> = fans[..size]
            .iter()
            .map(|fan| json!({ "__typename": "User", "id": fan.id }))
            .collect();
        let (data, statements) =
            statements_of(world.ask(Some(&ada.token), query, json!({ "of": of }))).await;
        let entities = data["_entities"].as_array().unwrap();
        assert_eq!(entities.len(), size);
        assert!(
            entities
                .iter()
                .all(|user| user["viewerIsFollowing"] == json!(true))
        );
        // Who they are, whom of them the viewer follows, whom the viewer blocks.
        assert_eq!(statements.len(), 3, "{size}: {statements:#?}");
    }
}

#[tokio::test]
async fn unknown_entities_are_null_and_cost_no_statement_of_their_own() {
    let world = World::new().await;
    let (_, fans) = crowd(&world, 1).await;
    let query =
        "query($of: [_Any!]!) { _entities(representations: $of) { ... on User { username } } }";
    let of = json!([
        { "__typename": "User", "id": "01890000-0000-7000-8000-000000000000" },
        { "__typename": "User", "id": fans[0].id },
        { "__typename": "User", "id": "no uuid" },
        { "__typename": "User", "id": fans[0].id },
    ]);
    let (data, statements) = statements_of(world.ask(None, query, json!({ "of": of }))).await;
    let fan = json!({ "username": "fan_0" });
    assert_eq!(data["_entities"], json!([null, fan, null, fan]));
    assert_eq!(statements.len(), 1, "{statements:#?}");
}

#[tokio::test]
async fn lists_within_a_list_are_one_statement_together() {
    let world = World::new().await;
    let (ada, _) = crowd(&world, 20).await;
    let query = "query($first: Int!) { viewer { followers(first: $first) { nodes {
        username viewerIsFollowing followees(first: 5) { nodes { username } } } } } }";
    let mut costs = Vec::new();
    for first in [1, 20] {
        let (data, statements) =
            statements_of(world.ask(Some(&ada.token), query, json!({ "first": first }))).await;
        let nodes = data["viewer"]["followers"]["nodes"].as_array().unwrap();
        assert_eq!(nodes.len(), first);
        assert!(
            nodes
                .iter()
                .all(|node| node["followees"]["nodes"] == json!([{ "username": "ada" }]))
        );
        costs.push(statements.len());
    }
    // The viewer, the page, whom the viewer follows of it, the lists in it.
    assert_eq!(costs, [4, 4]);
}

#[tokio::test]
async fn several_users_of_one_operation_are_read_together() {
    let world = World::new().await;
    crowd(&world, 2).await;
    let query = "{ a: userByUsername(username: \"ada\") { id } b: userByUsername(username: \"FAN_0\") { id }
        c: userByUsername(username: \"nobody\") { id } }";
    let (data, statements) = statements_of(world.ask(None, query, json!({}))).await;
    assert!(data["a"].is_object() && data["b"].is_object() && data["c"].is_null());
    assert_eq!(statements.len(), 1, "{statements:#?}");
}
