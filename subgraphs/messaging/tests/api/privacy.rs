//! Only its participants see anything of a conversation, and nobody else learns that it is there.

use common::{
    clock::Clock,
    page::{CursorKind, Keyset},
};
use serde_json::{Value, json};

use crate::world::{Person, World, refused, text, user_errors};

/// Ada and Grace with a message that mentions Grace, and Linus, who talks to Ada about something else.
struct Scene {
    world: World,
    linus: Person,
    conversation: String,
    message: String,
    mention: String,
    own: String,
}

async fn scene() -> Scene {
    let world = World::new().await;
    let (ada, grace, linus) = (
        world.person("ada"),
        world.person("grace"),
        world.person("linus"),
    );
    let conversation = world.conversation(&ada, &grace).await;
    let message = world
        .say(&ada, &conversation, "the secret is 42, @grace and @linus")
        .await;
    let mentions = world
        .get(&grace, "{ mentions { nodes { id } } }", json!({}))
        .await;
    let own = world.conversation(&ada, &linus).await;
    Scene {
        world,
        linus,
        conversation,
        message,
        mention: text(&mentions, "/mentions/nodes/0/id"),
        own,
    }
}

const ENTITY: &str = "query($references: [_Any!]!) { _entities(representations: $references) {
    ... on Conversation { id unreadCount updatedAt participants { id } latestMessage { text } messages { nodes { text } } }
    ... on Message { id text sender { id } mentions { id } conversation { id } }
    ... on Mention { id message { text } }
} }";

/// Everything that can be read, with what names the secret.
fn reads(conversation: &str, message: &str, mention: &str) -> Vec<(&'static str, Value)> {
    let reference =
        |kind: &str, id: &str| json!({ "references": [{ "__typename": kind, "id": id }] });
    vec![
        (
            "query($id: ID!) { conversation(id: $id) {
                id unreadCount updatedAt participants { id } latestMessage { text } messages { nodes { text } }
            } }",
            json!({ "id": conversation }),
        ),
        (ENTITY, reference("Conversation", conversation)),
        (ENTITY, reference("Message", message)),
        (ENTITY, reference("Mention", mention)),
        ("{ mentions { nodes { id message { text } } } }", json!({})),
    ]
}

#[tokio::test]
async fn what_a_stranger_reads_is_what_they_would_read_if_it_did_not_exist() {
    let scene = scene().await;
    let nothing = scene.world.stranger().id.to_string();
    let secret = reads(&scene.conversation, &scene.message, &scene.mention);
    let unknown = reads(&nothing, &nothing, &nothing);
    let malformed = reads("x", "x", "x");
    for (((query, secret), (_, unknown)), (_, malformed)) in
        secret.into_iter().zip(unknown).zip(malformed)
    {
        let seen = scene.world.get(&scene.linus, query, secret).await;
        assert_eq!(
            seen,
            scene.world.get(&scene.linus, query, unknown).await,
            "{query}"
        );
        assert_eq!(
            seen,
            scene.world.get(&scene.linus, query, malformed).await,
            "{query}"
        );
        assert!(
            matches!(
                &seen,
                seen if *seen == json!({ "conversation": null })
                    || *seen == json!({ "_entities": [null] })
                    || *seen == json!({ "mentions": { "nodes": [] } })
            ),
            "{seen}"
        );
    }
    let inbox = "{ conversations { nodes { id } } }";
    assert_eq!(
        scene.world.get(&scene.linus, inbox, json!({})).await,
        json!({ "conversations": { "nodes": [{ "id": scene.own }] } })
    );
}

#[tokio::test]
async fn a_stranger_may_do_nothing_in_a_conversation() {
    let scene = scene().await;
    let input = json!({ "conversationId": scene.conversation, "text": "let me in" });
    let sent = scene.world.send(&scene.linus, input).await;
    assert_eq!(sent.codes(), ["NOT_A_PARTICIPANT"]);
    assert_eq!(sent.body["data"]["sendMessage"], Value::Null);
    for message in [&scene.message, &scene.own, &"x".to_owned()] {
        let marked = scene
            .world
            .mark_read(&scene.linus, &scene.conversation, message)
            .await;
        assert_eq!(marked.codes(), ["NOT_A_PARTICIPANT"]);
        assert_eq!(marked.body["data"]["markConversationRead"], Value::Null);
    }
    assert_eq!(
        scene
            .world
            .count("SELECT count(*) FROM messaging.messages")
            .await,
        1
    );
    assert_eq!(
        scene
            .world
            .count("SELECT sum(unread_count)::bigint FROM messaging.participants")
            .await,
        1
    );
}

#[tokio::test]
async fn a_message_of_others_is_no_place_in_a_conversation_of_ones_own() {
    let scene = scene().await;
    let marked = scene
        .world
        .mark_read(&scene.linus, &scene.own, &scene.message)
        .await;
    let unknown = scene
        .world
        .mark_read(
            &scene.linus,
            &scene.own,
            &scene.world.stranger().id.to_string(),
        )
        .await;
    assert_eq!(marked.body, unknown.body);
    assert_eq!(
        user_errors(marked, "markConversationRead"),
        refused("VALIDATION_FAILED", "messageId")
    );
}

#[tokio::test]
async fn a_forged_cursor_tells_nothing_of_a_message_of_others() {
    let scene = scene().await;
    let query = "query($id: ID!, $after: String) { conversation(id: $id) {
        messages(after: $after) { nodes { text } }
    } }";
    let mut answers = Vec::new();
    for message in [scene.message.clone(), scene.world.stranger().id.to_string()] {
        let place = Keyset {
            at: scene.world.clock.now(),
            id: message.parse().unwrap(),
        };
        let variables = json!({ "id": scene.own, "after": place.to_cursor(CursorKind(b'm')) });
        let answer = scene.world.ask(&scene.linus, query, variables).await;
        assert_eq!(answer.codes(), ["VALIDATION_FAILED"]);
        answers.push(answer.body);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn without_a_token_nothing_is_told_or_done() {
    let scene = scene().await;
    let inputs = json!({
        "start": { "recipientId": scene.linus.id },
        "send": { "conversationId": scene.conversation, "text": "hi" },
        "read": { "conversationId": scene.conversation, "messageId": scene.message },
    });
    let mut operations = reads(&scene.conversation, &scene.message, &scene.mention);
    operations.extend([
        ("{ conversations { nodes { id } } }", json!({})),
        (
            "mutation($start: StartConversationInput!) { startConversation(input: $start) { conversation { id } } }",
            inputs.clone(),
        ),
        (
            "mutation($send: SendMessageInput!) { sendMessage(input: $send) { message { id } } }",
            inputs.clone(),
        ),
        (
            "mutation($read: MarkConversationReadInput!) { markConversationRead(input: $read) { conversation { id } } }",
            inputs,
        ),
    ]);
    for (query, variables) in operations {
        let answer = scene.world.graph.ask(None, query, variables).await;
        assert_eq!(answer.codes(), ["UNAUTHENTICATED"], "{query}");
        let data = &answer.body["data"];
        let nothing = data.is_null()
            || data
                .as_object()
                .is_some_and(|fields| fields.values().all(Value::is_null));
        assert!(nothing, "{data}");
    }
    assert_eq!(
        scene
            .world
            .count("SELECT count(*) FROM messaging.messages")
            .await,
        1
    );
}

#[tokio::test]
async fn a_bad_token_is_refused_and_not_taken_for_none() {
    let scene = scene().await;
    let answer = scene
        .world
        .graph
        .ask(Some("forged"), "{ __typename }", json!({}))
        .await;
    assert_eq!(answer.status, 401);
    assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
}
