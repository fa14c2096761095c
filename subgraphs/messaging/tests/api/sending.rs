use serde_json::json;

use crate::world::{World, refused, text, user_errors};

#[tokio::test]
async fn a_message_is_there_for_both_and_unread_for_the_other_alone() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    world.clock.advance_seconds(60);
    let query = "mutation($input: SendMessageInput!) { sendMessage(input: $input) {
        message { id text createdAt sender { id } mentions { id } conversation { id updatedAt } }
    } }";
    let input = json!({ "conversationId": id, "text": "  hello\nGrace 🦀 " });
    let sent = world.get(&ada, query, json!({ "input": input })).await;
    let message = text(&sent, "/sendMessage/message/id");
    assert_eq!(
        sent["sendMessage"]["message"],
        json!({
            "id": message,
            "text": "hello\nGrace 🦀",
            "createdAt": "2026-01-01T00:01:00.000000Z",
            "sender": { "id": ada.id },
            "mentions": [],
            "conversation": { "id": id, "updatedAt": "2026-01-01T00:01:00.000000Z" },
        })
    );
    for (person, unread) in [(&ada, 0), (&grace, 1)] {
        let query = "query($id: ID!) { conversation(id: $id) {
            unreadCount latestMessage { id } messages { nodes { id sender { id } conversation { id } } }
        } }";
        let seen = world.get(person, query, json!({ "id": id })).await;
        let expected = json!({
            "unreadCount": unread,
            "latestMessage": { "id": message },
            "messages": { "nodes": [
                { "id": message, "sender": { "id": ada.id }, "conversation": { "id": id } }
            ] },
        });
        assert_eq!(seen["conversation"], expected);
    }
}

#[tokio::test]
async fn a_text_has_from_1_to_4000_characters() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    for (bad, code) in [
        (String::new(), "MESSAGE_TEXT_REQUIRED"),
        (" \n\u{2003}".to_owned(), "MESSAGE_TEXT_REQUIRED"),
        ("é".repeat(4_001), "MESSAGE_TEXT_TOO_LONG"),
        ("nul \0 inside".to_owned(), "VALIDATION_FAILED"),
    ] {
        let answer = world
            .send(&ada, json!({ "conversationId": id, "text": bad }))
            .await;
        assert_eq!(user_errors(answer, "sendMessage"), refused(code, "text"));
    }
    let longest = "🦀".repeat(4_000);
    world.say(&ada, &id, &longest).await;
    assert_eq!(world.unread(&grace, &id).await, 1);
}

#[tokio::test]
async fn a_message_goes_to_exactly_one_place() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    let expected = refused("VALIDATION_FAILED", "conversationId");
    for input in [
        json!({ "text": "hi" }),
        json!({ "text": "hi", "conversationId": null, "recipientId": null }),
        json!({ "text": "hi", "conversationId": id, "recipientId": grace.id }),
    ] {
        assert_eq!(
            user_errors(world.send(&ada, input).await, "sendMessage"),
            expected
        );
    }
    assert_eq!(
        world.count("SELECT count(*) FROM messaging.messages").await,
        0
    );
}

#[tokio::test]
async fn the_first_message_to_somebody_starts_the_conversation_and_the_next_finds_it() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    for (sender, recipient) in [(&ada, &grace), (&grace, &ada), (&ada, &grace)] {
        let input = json!({ "recipientId": recipient.id, "text": "hi" });
        assert!(user_errors(world.send(sender, input).await, "sendMessage").is_empty());
    }
    let id = world.conversation(&grace, &ada).await;
    assert_eq!(world.unread(&grace, &id).await, 2);
    assert_eq!(world.unread(&ada, &id).await, 1);
    assert_eq!(
        world
            .count("SELECT count(*) FROM messaging.conversations")
            .await,
        1
    );
}

#[tokio::test]
async fn a_first_message_that_is_refused_leaves_no_conversation_behind() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    for input in [
        json!({ "recipientId": grace.id, "text": " " }),
        json!({ "recipientId": grace.id, "text": "hi", "idempotencyKey": "" }),
    ] {
        assert_eq!(
            user_errors(world.send(&ada, input).await, "sendMessage").len(),
            1
        );
    }
    assert_eq!(
        world
            .count("SELECT count(*) FROM messaging.conversations")
            .await,
        0
    );
}

#[tokio::test]
async fn a_message_to_no_conversation_is_refused() {
    let world = World::new().await;
    let ada = world.person("ada");
    for id in [
        world.stranger().id.to_string(),
        "no-id".to_owned(),
        String::new(),
    ] {
        let answer = world
            .send(&ada, json!({ "conversationId": id, "text": "hi" }))
            .await;
        assert_eq!(
            user_errors(answer, "sendMessage"),
            refused("CONVERSATION_NOT_FOUND", "conversationId")
        );
    }
}
