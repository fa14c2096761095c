//! Pages of messages, of one conversation and of several at once.

use serde_json::{Value, json};

use crate::world::{World, text};

#[tokio::test]
async fn each_conversation_has_its_own_page_of_messages() {
    let world = World::new().await;
    let ada = world.person("ada");
    let mut expected = Vec::new();
    for n in 0..4 {
        let friend = world.person(&format!("friend{n}"));
        let id = world.conversation(&ada, &friend).await;
        let mut said = Vec::new();
        for _ in 0..n {
            said.push(json!({ "id": world.say(&friend, &id, "hi").await }));
        }
        said.truncate(2);
        expected.insert(
            0,
            json!({ "id": id, "messages": { "nodes": said, "pageInfo": { "hasNextPage": n > 2 } } }),
        );
    }
    let query = "{ conversations { nodes { id messages(first: 2) { nodes { id } pageInfo { hasNextPage } } } } }";
    let data = world.get(&ada, query, json!({})).await;
    assert_eq!(data["conversations"]["nodes"], json!(expected));
}

#[tokio::test]
async fn one_conversation_can_be_read_in_several_windows_at_once() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let mut said = Vec::new();
    for _ in 0..5 {
        said.push(json!({ "id": world.say(&ada, &id, "hi").await }));
    }
    let query = "query($id: ID!) { conversation(id: $id) { messages(first: 2) { pageInfo { endCursor } } } }";
    let data = world.get(&grace, query, json!({ "id": id })).await;
    let after = text(&data, "/conversation/messages/pageInfo/endCursor");

    let query = "query($id: ID!, $after: String!) { conversation(id: $id) {
        all: messages { nodes { id } }
        begin: messages(first: 1) { nodes { id } }
        middle: messages(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage hasPreviousPage } }
        end: messages(first: 3, after: $after) { nodes { id } pageInfo { hasNextPage } }
    } }";
    let variables = json!({ "id": id, "after": after });
    let data = world.get(&grace, query, variables).await;
    let expected = json!({
        "all": { "nodes": said },
        "begin": { "nodes": said[..1] },
        "middle": { "nodes": said[2..4], "pageInfo": { "hasNextPage": true, "hasPreviousPage": true } },
        "end": { "nodes": said[2..], "pageInfo": { "hasNextPage": false } },
    });
    assert_eq!(data["conversation"], expected);
}

#[tokio::test]
async fn a_reader_resumes_where_they_stopped() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    world.say(&ada, &id, "first").await;
    let query = "query($id: ID!, $after: String) { conversation(id: $id) {
        messages(after: $after) { nodes { text } pageInfo { endCursor } }
    } }";
    let data = world.get(&grace, query, json!({ "id": id })).await;
    let after = text(&data, "/conversation/messages/pageInfo/endCursor");
    let resume = json!({ "id": id, "after": after });
    let data = world.get(&grace, query, resume.clone()).await;
    let page = &data["conversation"]["messages"];
    assert_eq!(page["nodes"], json!([]), "nothing came yet");
    assert_eq!(page["pageInfo"]["endCursor"], Value::Null);

    world.say(&ada, &id, "second").await;
    let data = world.get(&grace, query, resume).await;
    assert_eq!(
        data["conversation"]["messages"]["nodes"],
        json!([{ "text": "second" }])
    );
}

#[tokio::test]
async fn lists_within_lists_are_bounded_by_what_they_can_amount_to() {
    let world = World::new().await;
    let ada = world.person("ada");
    let nested = "{ conversations(first: 100) { nodes { messages(first: 100) { nodes {
        conversation { messages(first: 100) { nodes { id } } }
    } } } } }";
    let answer = world.ask(&ada, nested, json!({})).await;
    assert!(
        answer.body.to_string().contains("too complex"),
        "{}",
        answer.body
    );
    let usual = "{ conversations(first: 20) { edges { cursor node {
        id unreadCount updatedAt participants { id } latestMessage { id text createdAt sender { id } }
        messages(first: 50) { edges { cursor node { id text createdAt sender { id } mentions { id } } } pageInfo { hasNextPage } }
    } } } }";
    world.get(&ada, usual, json!({})).await;
}
