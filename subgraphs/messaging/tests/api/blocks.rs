//! People of whom one blocks the other do not write to each other, whether the users service can be asked or not.

use std::sync::atomic::Ordering;

use axum::http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Log, Reply};
use tracing::Level;

use crate::world::{Person, World};

/// Ada and Grace, who have a conversation, and its id.
async fn scene() -> (World, Person, Person, String) {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    let id = world.conversation(&ada, &grace).await;
    (world, ada, grace, id)
}

/// Sends in every way that GraphQL has.
async fn sends(world: &World, who: &Person, whom: &Person, conversation: &str) -> Vec<Answer> {
    let recipient = whom.id.to_string();
    vec![
        world.start(who, &recipient).await,
        world
            .send(who, json!({ "recipientId": recipient, "text": "hi" }))
            .await,
        world
            .send(who, json!({ "conversationId": conversation, "text": "hi" }))
            .await,
    ]
}

/// Sends in every way that REST has.
async fn posts(world: &World, who: &Person, whom: &Person, conversation: &str) -> Vec<Reply> {
    let (token, message) = (Some(who.token()), json!({ "text": "hi" }));
    let path = format!("/conversations/{conversation}/messages");
    let recipient = json!({ "recipient_id": whom.id });
    vec![
        world.rest.post(token, "/conversations", &recipient).await,
        world.rest.post(token, &path, &message).await,
    ]
}

async fn all_are_refused(world: &World, who: &Person, whom: &Person, conversation: &str) {
    for answer in sends(world, who, whom, conversation).await {
        assert_eq!(answer.codes(), ["FORBIDDEN"], "{}", answer.body);
    }
    for reply in posts(world, who, whom, conversation).await {
        assert_eq!(reply.refusal(), (403, "FORBIDDEN"));
    }
}

async fn all_are_done(world: &World, who: &Person, whom: &Person, conversation: &str) {
    for answer in sends(world, who, whom, conversation).await {
        answer.data();
    }
    for reply in posts(world, who, whom, conversation).await {
        assert!(reply.status.is_success(), "{}", reply.body);
    }
}

async fn messages(world: &World) -> i64 {
    world.count("SELECT count(*) FROM messaging.messages").await
}

/// Whether the conversation says that its two are apart.
async fn remembered(world: &World) -> bool {
    let blocked = "SELECT count(*) FROM messaging.conversations WHERE blocked";
    world.count(blocked).await == 1
}

#[tokio::test]
async fn neither_writes_to_the_other_whoever_blocks_and_both_do_again_afterwards() {
    let (world, ada, grace, id) = scene().await;
    for (blocker, blocked) in [(&ada, &grace), (&grace, &ada)] {
        world.directory.block(blocker, blocked);
        let before = messages(&world).await;
        all_are_refused(&world, &ada, &grace, &id).await;
        all_are_refused(&world, &grace, &ada, &id).await;
        assert_eq!(messages(&world).await, before);
        world.directory.unblock(blocker, blocked);
        all_are_done(&world, &ada, &grace, &id).await;
        all_are_done(&world, &grace, &ada, &id).await;
        assert!(messages(&world).await > before);
    }
}

#[tokio::test]
async fn what_was_written_before_stays_readable_for_both() {
    let (world, ada, grace, id) = scene().await;
    let message = world.say(&ada, &id, "before").await;
    world.directory.block(&grace, &ada);
    all_are_refused(&world, &ada, &grace, &id).await;
    let query = "query($id: ID!) { conversation(id: $id) { messages { nodes { text } } } }";
    for person in [&ada, &grace] {
        let seen = world.get(person, query, json!({ "id": id })).await;
        let nodes = &seen["conversation"]["messages"]["nodes"];
        assert_eq!(*nodes, json!([{ "text": "before" }]));
        let path = format!("/conversations/{id}/messages");
        let page = world.rest.get(Some(person.token()), &path).await.ok();
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        let inbox = world.rest.get(Some(person.token()), "/conversations").await;
        assert_eq!(inbox.ok()["items"][0]["id"], json!(id));
    }
    world.mark_read(&grace, &id, &message).await.data();
    assert_eq!(world.unread(&grace, &id).await, 0);
}

#[tokio::test]
async fn people_who_have_no_conversation_start_none() {
    let world = World::new().await;
    let (ada, grace) = (world.person("ada"), world.person("grace"));
    world.directory.block(&ada, &grace);
    let nothing = world.stranger().id.to_string();
    for (who, whom) in [(&ada, &grace), (&grace, &ada)] {
        let answers = sends(&world, who, whom, &nothing).await;
        for answer in &answers[..2] {
            assert_eq!(answer.codes(), ["FORBIDDEN"]);
        }
    }
    let started = "SELECT count(*) FROM messaging.conversations";
    assert_eq!(world.count(started).await, 0);
}

#[tokio::test]
async fn a_block_that_was_seen_counts_while_the_users_service_is_down() {
    let (world, ada, grace, id) = scene().await;
    world.directory.block(&grace, &ada);
    // One refused message is enough to learn of it.
    let input = json!({ "conversationId": id, "text": "hi" });
    assert_eq!(world.send(&ada, input).await.codes(), ["FORBIDDEN"]);
    assert!(remembered(&world).await);
    world.directory.fail(true);
    all_are_refused(&world, &ada, &grace, &id).await;
    all_are_refused(&world, &grace, &ada, &id).await;

    // Its end is learnt of by the first message after the outage, and then counts in the next one.
    world.directory.unblock(&grace, &ada);
    all_are_refused(&world, &ada, &grace, &id).await;
    world.directory.fail(false);
    world.say(&ada, &id, "free").await;
    assert!(!remembered(&world).await);
    world.directory.fail(true);
    all_are_done(&world, &ada, &grace, &id).await;
}

#[tokio::test]
async fn messages_go_out_while_the_users_service_is_down_where_no_block_was_seen() {
    let (world, ada, grace, id) = scene().await;
    world.directory.fail(true);
    world.directory.block(&grace, &ada);
    all_are_done(&world, &ada, &grace, &id).await;
    assert!(!remembered(&world).await);
}

#[tokio::test]
async fn what_is_heard_again_is_not_written_again() {
    let (world, ada, grace, id) = scene().await;
    let updates = |log: &Log| {
        let statements = log.take_statements();
        let of_state = statements.iter().filter(|sql| sql.contains("SET blocked"));
        of_state.count()
    };
    let log = Log::record();
    world.say(&ada, &id, "hi").await;
    assert_eq!(updates(&log), 0);
    world.directory.block(&ada, &grace);
    for expected in [1, 0] {
        let input = json!({ "conversationId": id, "text": "hi" });
        assert_eq!(world.send(&ada, input).await.codes(), ["FORBIDDEN"]);
        assert_eq!(updates(&log), expected);
    }
    world.directory.unblock(&ada, &grace);
    for expected in [1, 0] {
        world.say(&grace, &id, "hi").await;
        assert_eq!(updates(&log), expected);
    }
}

#[tokio::test]
async fn every_way_of_writing_asks_the_users_service_once() {
    let (world, ada, grace, id) = scene().await;
    let linus = world.person("linus");
    let asked = || world.directory.calls.swap(0, Ordering::SeqCst);
    asked();
    world.say(&ada, &id, "hi @grace and @linus").await;
    assert_eq!(asked(), 1);
    for whom in [&linus, &grace] {
        let body = json!({ "recipient_id": whom.id });
        let reply = world
            .rest
            .post(Some(ada.token()), "/conversations", &body)
            .await;
        assert!(reply.status.is_success());
        let names = reply.body["participants"].as_array().unwrap().iter();
        assert!(names.clone().all(Value::is_object), "with both names");
        assert_eq!(names.len(), 2);
        assert_eq!(asked(), 1);
    }
}

#[tokio::test]
async fn refusals_are_written_down_without_what_was_to_be_sent() {
    let (world, ada, grace, id) = scene().await;
    let linus = world.person("linus");
    world.directory.block(&grace, &ada);
    let log = Log::record();
    let mut expected = Vec::new();
    for (event, body) in [
        ("start_conversation", json!({ "recipient_id": grace.id })),
        ("send_message", json!({ "text": "the secret is 42" })),
    ] {
        let path = match event {
            "start_conversation" => "/conversations".to_owned(),
            _ => format!("/conversations/{id}/messages"),
        };
        world.rest.post(Some(ada.token()), &path, &body).await;
        expected.push((event, "FORBIDDEN", &ada, grace.id.to_string()));
    }
    let messages = format!("/conversations/{id}/messages");
    let read = format!("/conversations/{id}/read");
    let token = Some(linus.token());
    let body = json!({ "text": "the secret is 42" });
    world.rest.post(token, &messages, &body).await;
    world.rest.call(token, Method::GET, &messages).await;
    let body = json!({ "message_id": linus.id });
    world.rest.post(token, &read, &body).await;
    for event in [
        "send_message",
        "read_conversation",
        "mark_conversation_read",
    ] {
        expected.push((event, "NOT_A_PARTICIPANT", &linus, id.clone()));
    }
    let written = log.lines("audit");
    assert_eq!(written.len(), expected.len(), "{written:#?}");
    for (line, (event, code, actor, subject)) in written.iter().zip(expected) {
        assert_eq!(line.level, Level::WARN);
        for (field, value) in [
            ("event", event),
            ("outcome", "denied"),
            ("code", code),
            ("actor", &actor.id.to_string()),
            ("subject", &subject),
        ] {
            assert_eq!(line.fields[field], value, "{event}: {field}");
        }
        assert!(!format!("{line:?}").contains("secret"));
    }
}

#[tokio::test]
async fn a_token_that_the_users_service_refuses_asks_for_another_one_and_sends_nothing() {
    let (world, ada, grace, id) = scene().await;
    let linus = world.person("linus");
    world.directory.refuse(true);
    for whom in [&grace, &linus] {
        for answer in sends(&world, &ada, whom, &id).await {
            assert_eq!(answer.codes(), ["UNAUTHENTICATED"]);
        }
        for reply in posts(&world, &ada, whom, &id).await {
            assert_eq!(reply.refusal(), (401, "UNAUTHENTICATED"));
        }
    }
    assert_eq!(messages(&world).await, 0);
    world.directory.refuse(false);
    world.say(&ada, &id, "hi").await;
}
