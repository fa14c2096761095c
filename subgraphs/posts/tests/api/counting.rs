//! How many statements a request takes. Never more for more items.

use serde_json::{Value, json};
use testkit::Log;
use uuid::Uuid;

use crate::{
    crowd::{author, insert},
    world::{Person, World},
};

/// Somebody who follows 120 authors with two posts each.
async fn busy() -> (World, Person, Vec<Uuid>) {
    let world = World::new().await;
    let ada = world.person();
    let authors: Vec<_> = (0..240).map(|n| author(n % 120)).collect();
    world.social.follow(&ada, authors.iter().copied());
    let times: Vec<_> = (0..240).collect();
    let posts = insert(&world.admin, &authors, &times, 0).await;
    (world, ada, posts)
}

async fn statements(world: &World, person: &Person, query: &str, variables: Value) -> usize {
    let log = Log::record();
    world.get(person, query, variables).await;
    log.take_statements().len()
}

#[tokio::test]
async fn a_timeline_takes_as_many_statements_for_1_20_and_100_posts() {
    let (world, ada, _) = busy().await;
    let query = "query($first: Int!) { timeline(first: $first) {
        nodes { id viewerHasLiked author { id posts(first: 1) { nodes { id } } } } edges { node { viewerHasLiked } }
    } }";
    // The page (walked), whether they are liked, the posts of the authors.
    for (first, expected) in [(1, 3), (20, 3), (100, 3)] {
        let counted = statements(&world, &ada, query, json!({ "first": first })).await;
        assert_eq!(counted, expected, "of {first} posts");
    }
}

#[tokio::test]
async fn a_page_takes_two_statements_at_most() {
    let (world, ada, _) = busy().await;
    // The newest posts are of others: a walk finds nothing, and a merge has to follow.
    let times: Vec<_> = (1_000..4_000).collect();
    insert(&world.admin, &vec![author(9_999); 3_000], &times, 1).await;
    let log = Log::record();
    for (first, plan, expected) in [(1, "walk_in_database_then_merge", 2), (100, "merge", 1)] {
        let query = "query($first: Int!) { timeline(first: $first) { nodes { id } } }";
        world.get(&ada, query, json!({ "first": first })).await;
        assert_eq!(log.take_values("plan"), [plan]);
        assert_eq!(log.take_statements().len(), expected);
    }
    let nobody = world.person();
    world
        .get(&nobody, "{ timeline { nodes { id } } }", json!({}))
        .await;
    assert_eq!(log.take_values("plan"), ["none"]);
    assert_eq!(log.take_statements().len(), 0);
}

#[tokio::test]
async fn the_routers_entities_take_as_many_statements_for_1_as_for_100() {
    let (world, ada, posts) = busy().await;
    let posts_query = "query($of: [_Any!]!) { _entities(representations: $of) {
        ... on Post { text likeCount viewerHasLiked author { id } }
    } }";
    let users_query = "query($of: [_Any!]!) { _entities(representations: $of) {
        ... on User { posts(first: 2) { nodes { id viewerHasLiked } } }
    } }";
    let two_windows = "query($of: [_Any!]!) { _entities(representations: $of) {
        ... on User { posts(first: 2) { nodes { id } } latest: posts(first: 1) { nodes { id } } }
    } }";
    for count in [1, 20, 100] {
        let of: Vec<_> = posts[..count]
            .iter()
            .map(|id| json!({ "__typename": "Post", "id": id }))
            .collect();
        let counted = statements(&world, &ada, posts_query, json!({ "of": of })).await;
        assert_eq!(counted, 2, "{count} posts, and whether they are liked");
        let of: Vec<_> = (0..count as u128)
            .map(|n| json!({ "__typename": "User", "id": author(n) }))
            .collect();
        let counted = statements(&world, &ada, users_query, json!({ "of": of })).await;
        assert_eq!(
            counted, 2,
            "posts of {count} authors, and whether they are liked"
        );
        let counted = statements(&world, &ada, two_windows, json!({ "of": of })).await;
        assert_eq!(counted, 2, "two windows of {count} authors");
    }
}

#[tokio::test]
async fn nobody_in_particular_has_no_likes_to_look_up() {
    let (world, _, posts) = busy().await;
    let log = Log::record();
    let query = "query($id: ID!) { post(id: $id) { viewerHasLiked } }";
    let answer = world
        .graph
        .ask(None, query, json!({ "id": posts[0] }))
        .await;
    assert_eq!(
        answer.data(),
        json!({ "post": { "viewerHasLiked": false } })
    );
    assert_eq!(log.take_statements().len(), 1);
}
