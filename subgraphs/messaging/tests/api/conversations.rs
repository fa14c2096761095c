use futures_util::future::join_all;
use serde_json::json;

use crate::world::{World, refused, text, user_errors};

#[tokio::test]
async fn two_people_have_one_conversation_whoever_starts_it() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    assert_eq!(world.conversation(&grace, &ada).await, id);
    assert_eq!(world.conversation(&ada, &grace).await, id);

    let query = "query($id: ID!) { conversation(id: $id) {
        id unreadCount updatedAt participants { id } latestMessage { id } messages { nodes { id } }
    } }";
    let seen = world.get(&grace, query, json!({ "id": id })).await;
    let expected = json!({ "conversation": {
        "id": id,
        "unreadCount": 0,
        "updatedAt": "2026-01-01T00:00:00.000000Z",
        "participants": [{ "id": ada.id }, { "id": grace.id }],
        "latestMessage": null,
        "messages": { "nodes": [] },
    } });
    assert_eq!(seen, expected);
    assert_eq!(world.get(&ada, query, json!({ "id": id })).await, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_starts_at_once_from_both_sides_make_one_conversation_and_no_error() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let starts = (0..60).map(|n| {
        let (one, other) = if n % 2 == 0 {
            (&ada, &grace)
        } else {
            (&grace, &ada)
        };
        let (graph, token, recipient) = (
            world.graph.clone(),
            one.token().to_owned(),
            other.id.to_string(),
        );
        tokio::spawn(async move {
            let query = "mutation($id: ID!) {
                startConversation(input: { recipientId: $id }) { conversation { id } userErrors { code } }
            }";
            graph
                .ask(Some(&token), query, json!({ "id": recipient }))
                .await
        })
    });
    let mut ids: Vec<String> = join_all(starts)
        .await
        .into_iter()
        .map(|answer| {
            text(
                &answer.unwrap().data(),
                "/startConversation/conversation/id",
            )
        })
        .collect();
    assert_eq!(ids.len(), 60);
    ids.dedup();
    assert_eq!(ids.len(), 1, "all were given the same conversation");
    assert_eq!(
        world
            .count("SELECT count(*) FROM messaging.conversations")
            .await,
        1
    );
    assert_eq!(
        world
            .count("SELECT count(*) FROM messaging.participants")
            .await,
        2
    );
}

#[tokio::test]
async fn nobody_talks_to_themselves() {
    let world = World::new().await;
    let ada = world.person("ada");
    let expected = refused("CANNOT_MESSAGE_SELF", "recipientId");
    for spelling in [ada.id.to_string(), ada.id.to_string().to_uppercase()] {
        let started = world.start(&ada, &spelling).await;
        assert_eq!(user_errors(started, "startConversation"), expected);
        let sent = world
            .send(&ada, json!({ "recipientId": spelling, "text": "hi" }))
            .await;
        assert_eq!(user_errors(sent, "sendMessage"), expected);
    }
}

#[tokio::test]
async fn a_conversation_with_nobody_is_not_started() {
    let world = World::new().await;
    let (ada, nobody) = (world.person("ada"), world.stranger());
    let expected = refused("USER_NOT_FOUND", "recipientId");
    for recipient in [nobody.id.to_string(), "grace".to_owned(), String::new()] {
        let started = world.start(&ada, &recipient).await;
        assert_eq!(
            user_errors(started, "startConversation"),
            expected,
            "{recipient}"
        );
        let sent = world
            .send(&ada, json!({ "recipientId": recipient, "text": "hi" }))
            .await;
        assert_eq!(user_errors(sent, "sendMessage"), expected, "{recipient}");
    }
    assert_eq!(
        world
            .count("SELECT count(*) FROM messaging.conversations")
            .await,
        0
    );
}

#[tokio::test]
async fn with_the_users_service_down_nothing_new_is_started_and_everything_old_goes_on() {
    let world = World::new().await;
    let (ada, grace, linus) = (
        world.person("ada"),
        world.person("grace"),
        world.person("linus"),
    );
    let id = world.conversation(&ada, &grace).await;
    world.directory.fail(true);

    assert_eq!(
        world.start(&ada, &linus.id.to_string()).await.codes(),
        ["SERVICE_UNAVAILABLE"]
    );
    let input = json!({ "recipientId": linus.id, "text": "hi" });
    assert_eq!(
        world.send(&ada, input).await.codes(),
        ["SERVICE_UNAVAILABLE"]
    );

    assert_eq!(world.conversation(&ada, &grace).await, id);
    let sent = world
        .send(&ada, json!({ "recipientId": grace.id, "text": "hi" }))
        .await;
    let message = text(&sent.data(), "/sendMessage/message/id");
    assert_eq!(world.unread(&grace, &id).await, 1);
    world.mark_read(&grace, &id, &message).await.data();
    assert_eq!(world.unread(&grace, &id).await, 0);
}
