use serde_json::{Value, json};

use crate::{
    client::{Client, INBOX, Person, TIMELINE},
    running::{Running, data_folder},
};

const LOGIN: &str = "mutation { login(input: {email: \"ada@example.com\", password: \"correct horse battery\"}) { \
    accessToken user { id username } userErrors { code } } }";

async fn ada(system: &Running) -> Person {
    let client = Client::new(system.url("/graphql"));
    let data = client.data(&[], LOGIN, &json!({})).await;
    let user = &data["login"]["user"];
    Person {
        id: user["id"].as_str().unwrap().to_owned(),
        username: user["username"].as_str().unwrap().to_owned(),
        token: data["login"]["accessToken"].as_str().unwrap().to_owned(),
        client,
    }
}

/// What the demo shows to one of its users.
async fn look(system: &Running) -> (Value, Value) {
    let ada = ada(system).await;
    (
        ada.data(TIMELINE, &json!({})).await,
        ada.data(INBOX, &json!({})).await,
    )
}

#[tokio::test]
async fn the_demo_is_there_at_the_first_start_and_the_same_after_the_next() {
    let folder = data_folder();
    let system = Running::start_in(folder.path(), &[]);
    let (timeline, inbox) = look(&system).await;
    let nodes = timeline["timeline"]["nodes"].as_array().unwrap();
    let mut authors: Vec<_> = nodes
        .iter()
        .map(|node| node["author"]["username"].as_str().unwrap())
        .collect();
    authors.sort_unstable();
    assert_eq!(authors, ["grace", "grace", "linus", "linus"]);
    assert_eq!(inbox["conversations"]["nodes"][0]["unreadCount"], 2);
    assert!(system.stop().success());

    let system = Running::start_in(folder.path(), &[]);
    assert_eq!(look(&system).await, (timeline, inbox));
}
