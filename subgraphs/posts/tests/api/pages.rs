//! What a client may ask of a list.

use serde_json::{Value, json};

use crate::world::{Person, World, text};

async fn page(world: &World, person: &Person, arguments: &str) -> Result<Value, String> {
    let query = format!(
        "{{ timeline({arguments}) {{ nodes {{ text }} pageInfo {{ endCursor hasNextPage }} }} }}"
    );
    let answer = world.ask(person, &query, json!({})).await;
    match answer.codes().as_slice() {
        [] => Ok(answer.data()["timeline"].clone()),
        ["VALIDATION_FAILED"] => {
            assert_eq!(answer.body["errors"][0]["path"], json!(["timeline"]));
            Err(text(&answer.body, "/errors/0/message"))
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_page_has_1_to_100_items_and_its_cursor_is_of_this_list() {
    let world = World::new().await;
    let [ada, grace] = world.people();
    world.social.follow(&ada, [grace.id]);
    world.post(&grace, "one").await;
    world.post(&grace, "two").await;

    for bad in ["-1", "0", "101", "2147483647"] {
        let message = page(&world, &ada, &format!("first: {bad}"))
            .await
            .unwrap_err();
        assert!(
            message.contains(bad) && message.contains("from 1 to 100"),
            "{message}"
        );
    }
    let first = page(&world, &ada, "first: 1").await.unwrap();
    assert_eq!(first["nodes"], json!([{ "text": "two" }]));
    let cursor = text(&first, "/pageInfo/endCursor");
    let second = page(&world, &ada, &format!("first: 100, after: \"{cursor}\""))
        .await
        .unwrap();
    assert_eq!(second["nodes"], json!([{ "text": "one" }]));
    assert_eq!(second["pageInfo"]["hasNextPage"], json!(false));

    let query = "query($of: [_Any!]!) { _entities(representations: $of) { ... on User {
        posts(first: 1) { pageInfo { endCursor } }
    } } }";
    let of = json!([{ "__typename": "User", "id": grace.id }]);
    let data = world.get(&ada, query, json!({ "of": of })).await;
    let of_another_list = text(&data, "/_entities/0/posts/pageInfo/endCursor");
    for bad in ["", "x", "null", &of_another_list, &cursor[1..]] {
        let message = page(&world, &ada, &format!("after: \"{bad}\""))
            .await
            .unwrap_err();
        assert!(
            message.contains("`after`") && message.contains("endCursor"),
            "{message}"
        );
    }
}

#[tokio::test]
async fn lists_within_lists_are_bounded_by_what_they_can_amount_to() {
    let world = World::new().await;
    let ada = world.person();
    let nested = "{ timeline(first: 100) { nodes { author { posts(first: 100) { nodes {
        author { posts(first: 100) { nodes { id } } }
    } } } } } }";
    let answer = world.ask(&ada, nested, json!({})).await;
    assert!(
        answer.body.to_string().contains("too complex"),
        "{}",
        answer.body
    );
    let usual =
        "{ timeline(first: 100) { pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges { cursor node {
            __typename id text likeCount viewerHasLiked createdAt editedAt
            author { __typename id posts(first: 3) { nodes { id text } } }
        } }
    } }";
    world.get(&ada, usual, json!({})).await;
}
