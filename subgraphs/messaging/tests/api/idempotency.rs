use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::world::{Person, World, refused, text, user_errors};

#[tokio::test]
async fn the_same_message_sent_again_is_the_first_message() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let first = json!({ "conversationId": id, "text": "hi @grace", "idempotencyKey": "k-1" });
    let sent = world.send(&ada, first.clone()).await.data();
    world.clock.advance_seconds(5);
    for again in [
        first,
        json!({ "conversationId": id, "text": " hi @grace\n", "idempotencyKey": "k-1" }),
        json!({ "recipientId": grace.id, "text": "hi @grace", "idempotencyKey": "k-1" }),
    ] {
        assert_eq!(world.send(&ada, again).await.data(), sent);
    }
    assert_eq!(world.unread(&grace, &id).await, 1);
    assert_eq!(
        world.count("SELECT count(*) FROM messaging.messages").await,
        1
    );
    assert_eq!(
        world.count("SELECT count(*) FROM messaging.mentions").await,
        1
    );
}

/// Sends the same 50 times at once; the ids of the messages that were answered.
async fn at_once(world: &World, sender: &Person, input: &Value) -> Vec<String> {
    let answers = join_all((0..50).map(|_| {
        let (graph, token) = (world.graph.clone(), sender.token().to_owned());
        let variables = json!({ "input": input });
        tokio::spawn(async move {
            let query = "mutation($input: SendMessageInput!) {
                sendMessage(input: $input) { message { id } userErrors { code } }
            }";
            graph.ask(Some(&token), query, variables).await.data()
        })
    }));
    let answers = answers.await.into_iter();
    answers
        .map(|data| text(&data.unwrap(), "/sendMessage/message/id"))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn identical_requests_at_once_store_one_message_with_and_without_a_conversation_before() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    for (key, stored) in [("first", 1), ("second", 2)] {
        let input = json!({ "recipientId": grace.id, "text": "hi", "idempotencyKey": key });
        let mut ids = at_once(&world, &ada, &input).await;
        assert_eq!(ids.len(), 50);
        ids.dedup();
        assert_eq!(ids.len(), 1, "all were answered the same message");
        assert_eq!(
            world.count("SELECT count(*) FROM messaging.messages").await,
            stored
        );
    }
    let id = world.conversation(&ada, &grace).await;
    assert_eq!(world.unread(&grace, &id).await, 2);
}

#[tokio::test]
async fn a_key_does_not_stand_for_two_texts() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let input = |text: &str| json!({ "conversationId": id, "text": text, "idempotencyKey": "k-1" });
    world.send(&ada, input("one")).await.data();
    let second = world.send(&ada, input("two")).await;
    assert_eq!(
        user_errors(second, "sendMessage"),
        refused("VALIDATION_FAILED", "idempotencyKey")
    );
    assert_eq!(world.unread(&grace, &id).await, 1);
}

#[tokio::test]
async fn a_key_belongs_to_its_sender_and_conversation() {
    let world = World::new().await;
    let (ada, grace, linus) = (
        world.person("ada"),
        world.person("grace"),
        world.person("linus"),
    );
    for (sender, recipient) in [(&ada, &grace), (&grace, &ada), (&ada, &linus)] {
        let input = json!({ "recipientId": recipient.id, "text": "hi", "idempotencyKey": "k-1" });
        assert!(user_errors(world.send(sender, input).await, "sendMessage").is_empty());
    }
    assert_eq!(
        world.count("SELECT count(*) FROM messaging.messages").await,
        3
    );
}

#[tokio::test]
async fn a_malformed_key_is_refused() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    for key in ["", "two words", "tab\t", "schlüssel", &"k".repeat(256)] {
        let input = json!({ "conversationId": id, "text": "hi", "idempotencyKey": key });
        assert_eq!(
            user_errors(world.send(&ada, input).await, "sendMessage"),
            refused("VALIDATION_FAILED", "idempotencyKey"),
            "{key}"
        );
    }
    for key in [json!(null), json!("k".repeat(255))] {
        let input = json!({ "conversationId": id, "text": "hi", "idempotencyKey": key });
        assert!(user_errors(world.send(&ada, input).await, "sendMessage").is_empty());
    }
}
