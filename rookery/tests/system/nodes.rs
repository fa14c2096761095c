//! Everything by its id, which is the same string everywhere.

use serde_json::{Value, json};

use crate::{
    client::{Client, Person},
    requests::requests,
    running::{Running, freeze, shared, signal},
};

const NODE: &str = "query($id: ID!) { node(id: $id) { __typename id } }";

async fn node(person: &Person, id: &str) -> Value {
    let data = person.data(NODE, &json!({ "id": id })).await;
    data["node"].clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_one_may_see_is_found_by_its_id_and_nothing_else_is() {
    let client = Client::new(shared().url("/graphql"));
    let (ada, grace) = (client.somebody().await, client.somebody().await);
    let stranger = client.somebody().await;
    let post = ada.post("hello").await;
    let (message, conversation) = ada.message(&grace, &format!("@{}", grace.username)).await;
    let mentions = grace
        .data("{ mentions { nodes { id } } }", &json!({}))
        .await;
    let mention = text(&mentions["mentions"]["nodes"][0]["id"]);

    let found = |kind: &str, id: &str| json!({ "__typename": kind, "id": id });
    for (kind, id) in [("User", &ada.id), ("Post", &post)] {
        for person in [&ada, &grace, &stranger] {
            assert_eq!(node(person, id).await, found(kind, id));
        }
        let anybody = client.data(&[], NODE, &json!({ "id": id })).await;
        assert_eq!(anybody["node"], found(kind, id));
    }
    for (kind, id) in [("Conversation", &conversation), ("Message", &message)] {
        for person in [&ada, &grace] {
            assert_eq!(node(person, id).await, found(kind, id));
        }
    }
    assert_eq!(node(&grace, &mention).await, found("Mention", &mention));
    assert_eq!(node(&ada, &mention).await, Value::Null, "it is Grace's");
    for id in [&conversation, &message, &mention] {
        assert_eq!(node(&stranger, id).await, Value::Null);
        let nobody = client.data(&[], NODE, &json!({ "id": id })).await;
        assert_eq!(nobody, json!({ "node": null }));
    }
    // Of nothing, and of what is no node.
    let sessions = ada.data("{ sessions { id } }", &json!({})).await;
    let session = text(&sessions["sessions"][0]["id"]);
    for id in [
        session.as_str(),
        "01890000-0000-7000-8000-000000000000",
        "x",
    ] {
        assert_eq!(node(&ada, id).await, Value::Null);
    }

    // The ids of REST.
    let token = format!("Bearer {}", ada.token);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer: Value = http
        .get(shared().url("/api/users/me"))
        .header("authorization", token)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let me = text(&answer["id"]);
    assert_eq!(node(&stranger, &me).await, found("User", &ada.id));
}

#[tokio::test]
async fn what_is_in_it_comes_from_whoever_has_it() {
    let client = Client::new(shared().url("/graphql"));
    let (ada, grace) = (client.somebody().await, client.somebody().await);
    let post = ada.post("hello").await;
    let (message, conversation) = ada.message(&grace, "hi").await;
    let query = "query($id: ID!) { node(id: $id) {
        ... on User { username posts { nodes { text } } }
        ... on Post { text author { username } }
        ... on Conversation { unreadCount latestMessage { text sender { username } } }
        ... on Message { text conversation { id } }
    } }";
    let (username, posts) = (&ada.username, json!({ "nodes": [{ "text": "hello" }] }));
    let expected = [
        (&ada.id, json!({ "username": username, "posts": posts })),
        (
            &post,
            json!({ "text": "hello", "author": { "username": username } }),
        ),
        (
            &conversation,
            json!({ "unreadCount": 1, "latestMessage": { "text": "hi", "sender": { "username": username } } }),
        ),
        (
            &message,
            json!({ "text": "hi", "conversation": { "id": conversation } }),
        ),
    ];
    for (id, expected) in expected {
        let data = grace.data(query, &json!({ "id": id })).await;
        assert_eq!(data["node"], expected);
    }
}

#[tokio::test]
async fn each_service_is_asked_once_what_ten_ids_are_and_once_for_what_is_in_them() {
    let system = shared();
    let client = Client::new(system.url("/graphql"));
    let ada = client.somebody().await;
    for count in [1, 10] {
        let mut fields = Vec::new();
        for number in 0..count {
            let id = ada.post("hello").await;
            fields.push(format!(
                "n{number}: node(id: \"{id}\") {{ ... on Post {{ text }} }} "
            ));
        }
        let query = format!("{{ {} }}", fields.concat());
        let (data, asked) = requests(system, &ada, &query, &json!({})).await;
        assert_eq!(data["n0"]["text"], "hello");
        assert_eq!(data.as_object().unwrap().len(), count);
        assert_eq!(asked, 3 + 1, "{count} ids");
    }
}

#[tokio::test]
async fn while_a_service_does_not_answer_what_others_have_is_found_and_the_rest_is_not_denied() {
    let system = Running::start(&["--no-seed"]);
    let client = Client::new(system.url("/graphql"));
    let ada = client.somebody().await;
    let post = ada.post("hello").await;
    let users = system.process_of("users");
    freeze(users);
    assert_eq!(node(&ada, &post).await["__typename"], "Post");
    let (_, unknown) = ada.send(NODE, &json!({ "id": ada.id })).await;
    assert_eq!(unknown["data"]["node"], Value::Null);
    let code = &unknown["errors"][0]["extensions"]["code"];
    assert_eq!(*code, "SERVICE_UNAVAILABLE", "{unknown}");
    signal("CONT", users);
    loop {
        let (_, answer) = ada.send(NODE, &json!({ "id": ada.id })).await;
        if answer["data"]["node"]["__typename"] == "User" {
            break;
        }
    }
}
